/** Where the process begins and ends: arguments in, an exit code out, every failure said in one line. */
import { exitCode } from "../core/errors.ts";
import { buildProgram } from "./program.ts";
import { exitFor } from "./terminal/failure.ts";

// Progress is a courtesy: nobody reading it is no reason to stop. Results are awaited where they are written.
process.stderr.on("error", () => undefined);
process.stdout.on("error", () => undefined);

// A checkout's launcher holds a line to what it started (bin/fathom.js). When that is cut the launcher was killed, and
// this process ends as if it had been asked to.
// Windows has no signals to send: what listens for one is called, which is the same on every system.
process.on("disconnect", () => {
  if (!process.emit("SIGTERM", "SIGTERM")) process.exit(exitCode.interrupted);
});
process.channel?.unref();

try {
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  // An engine's thread may still be at work; nobody wants what it is doing.
  process.exit(exitFor(error));
}
