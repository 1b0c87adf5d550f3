/** The entry of the process: runs the command in the arguments. A failure becomes one line on stderr and an exit code. */
import { exitCode } from "../core/errors.ts";
import { buildProgram } from "./program.ts";
import { exitFor } from "./terminal/failure.ts";

// If nobody reads the progress, the work goes on. Errors of results are noticed where results are written (terminal/output.ts).
process.stderr.on("error", () => undefined);
process.stdout.on("error", () => undefined);

// A checkout's launcher (bin/fathom.js) keeps a channel to this process. If the channel closes, the launcher was killed, and
// this process ends as with SIGTERM. Windows has no signals to send, so the listeners of SIGTERM are called, on every system.
process.on("disconnect", () => {
  if (!process.emit("SIGTERM", "SIGTERM")) process.exit(exitCode.interrupted);
});
process.channel?.unref();

try {
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  // A thread of the engine may still be running. Its result is not needed, so the process does not wait for it.
  process.exit(exitFor(error));
}
