#!/usr/bin/env node
// A package holds compiled JavaScript; a checkout runs its TypeScript on the Node that the project pins.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

// An open model is large arrays that come and go. The allocator of Linux (glibc) keeps much of what was freed: memory of its own for
// every thread, and all that is smaller than a limit, which grows. V8 lets the space for young objects grow. Here both are kept small:
// an anatomy then takes a quarter less. Weights in pages of 2 MB instead of 4 KB are read a tenth faster, which is most of what a step of
// decoding does. All of these are read as a process begins.
const env = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: String(12 * 2 ** 20),
  GLIBC_TUNABLES: "glibc.malloc.hugetlb=1",
  ...process.env,
};
const flag = "--max-semi-space-size=8";

// A terminal sends Ctrl-C to the child as well; it is passed on only if it did not end the child by itself.
const passOnAfter = 250;

if (existsSync(at("../src/cli/main.ts"))) {
  // Windows runs no program without .exe in its name: there the machine's own Node takes the place of npm's link.
  const pinned = process.platform === "win32" ? process.execPath : at("../node_modules/.bin/node");
  if (!existsSync(pinned) || !existsSync(at("../node_modules"))) {
    console.error("fathom: expected an installed checkout, found no node_modules. Try: npm run setup");
    process.exit(2);
  }
  const child = spawn(pinned, [flag, at("../src/cli/main.ts"), ...process.argv.slice(2)], {
    // Nothing is said on the last: that it is cut tells the child that this process was killed.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env,
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => void setTimeout(() => child.kill(signal), passOnAfter).unref());
  child.on("exit", (code, signal) => {
    const interrupted = signal === "SIGINT" || signal === "SIGTERM" || signal === "SIGHUP";
    process.exit(code ?? (interrupted ? 130 : 1));
  });
} else if (canBeginAgain()) {
  process.execve(
    process.execPath,
    [process.execPath, flag, ...process.execArgv, ...process.argv.slice(1)],
    env,
  );
} else {
  await import("../dist/cli/main.js");
}

// Windows has no such call, nor has Node before 22.15. What another program started with a channel keeps it only as the same process.
function canBeginAgain() {
  return (
    process.execve && process.platform !== "win32" && !process.channel && !process.execArgv.includes(flag)
  );
}
