/** What the shell allows this process, where it is too little to run at all: Node and its engine end in a crash there. */
import { readFileSync } from "node:fs";
import { failure } from "../../core/errors.ts";
import { size } from "./quantities.ts";

/** Node alone opens some thirty; a checkpoint adds one for each of its files. */
const leastFiles = 64;
/** Reserved, not used: V8 reserves ranges for the code of each thread at random places, ONNX Runtime maps the weights. */
const leastAddressSpace = 8 * 2 ** 30;

/** @param limits text of /proc/self/limits; other systems do not tell @throws FathomError with exit 1 */
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
