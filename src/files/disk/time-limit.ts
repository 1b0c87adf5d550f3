/**
 * Runs work with a time limit. An untrusted file may decide how long work takes: a pattern can be made to backtrack
 * for years.
 */
import { createContext, Script } from "node:vm";

const call = new Script("work()");
const place: { work: () => void } = { work: () => undefined };
const context = createContext(place);

/**
 * Costs a fifth of a millisecond.
 * @param work a synchronous function; it must not start anything that continues after it returns
 * @throws what `work` throws; if the time is over, an error for which `ranOut` is true
 */
export function within<T>(milliseconds: number, work: () => T): T {
  const outer = place.work;
  let result: { value: T } | null = null;
  place.work = () => {
    result = { value: work() };
  };
  try {
    call.runInContext(context, { timeout: milliseconds });
  } finally {
    place.work = outer;
  }
  return result!.value;
}

export function ranOut(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}
