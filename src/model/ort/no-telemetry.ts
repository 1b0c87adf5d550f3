/**
 * Switches off the telemetry of ONNX Runtime (1.30). On Linux and macOS it keeps a device id, a database of events and
 * a log of each process, and sends the events to its maker, unless this variable is in the environment when its library
 * loads. Fathom sends no data.
 *
 * Only the main thread can change the environment: a worker has a copy, which the library does not see. Code that
 * starts a worker must therefore import this file first. A worker that was started without it throws.
 */
import { isMainThread } from "node:worker_threads";
import { failure } from "../../core/errors.ts";

const variable = "ORT_DISABLE_TELEMETRY";

if (isMainThread) process.env[variable] = "1";
else if (process.env[variable] !== "1")
  throw failure(
    variable,
    "1 in the process's environment before a thread loads ONNX Runtime",
    process.env[variable] ?? "nothing",
    "import src/model/model.ts in the main thread first",
  );
