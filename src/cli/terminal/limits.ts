/** Checks the limits that the shell sets for this process. Below these, Node or the engine crashes. */
import { readFileSync } from "node:fs";
import { failure } from "../../core/errors.ts";
import { size } from "./quantities.ts";

/** Node alone opens about thirty files. A checkpoint adds one per file that it has. */
const leastFiles = 64;
/**
 * Most of it is reserved, not used: V8 reserves ranges for each thread's code at random places, and ONNX Runtime maps the
 * weights.
 */
const leastAddressSpace = 8 * 2 ** 30;

/** @param limits text of /proc/self/limits; empty on other systems, which have no such file @throws FathomError with exit 1 */
export function requireLimits(limits: string = limitsHere()): void {
  const soft = (name: string): number => {
    const found = new RegExp(`^${name} +(\\S+)`, "m").exec(limits)?.[1] ?? "unlimited";
    return found === "unlimited" ? Infinity : Number(found);
  };
  const files = soft("Max open files");
  if (files < leastFiles)
    throw failure(
      "ulimit -n",
      `at least ${leastFiles} open files`,
      `a limit of ${files}`,
      "ulimit -n 1024, then the command",
    );
  const space = soft("Max address space");
  if (space < leastAddressSpace)
    throw failure(
      "ulimit -v",
      `at least ${size(leastAddressSpace)} of address space, which is reserved more than used`,
      `a limit of ${size(space)}`,
      "ulimit -v unlimited, then the command",
    );
}

function limitsHere(): string {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    return "";
  }
}
