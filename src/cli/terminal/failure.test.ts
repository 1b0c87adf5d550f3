import { afterEach, expect, test, vi } from "vitest";
import { exitFor } from "./failure.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** What is printed for an error, and the exit code. */
function ended(error: unknown): { code: number; said: string } {
  let said = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += String(text);
    return true;
  });
  return { code: exitFor(error), said };
}

test.each([
  "std::bad_alloc",
  "Array buffer allocation failed",
  "Failed to allocate memory for requested buffer of size 2147483648",
  "Worker terminated due to reaching memory limit: JS heap out of memory",
  "ENOMEM: Cannot allocate memory",
])("no memory is one line that says what to try, and no bug: %s", (message) => {
  const { code, said } = ended(new RangeError(message));
  expect(code).toBe(1);
  expect(said).toBe(
    `fathom: memory: expected enough for this work, found ${message}. Try: fewer at a time (a smaller --batch-size, fewer SAEs), ` +
      "a smaller --precision, or another machine; a run goes on with --resume\n",
  );
});

test("any other error is a bug", () => {
  expect(ended(new TypeError("x is no function"))).toEqual({
    code: 1,
    said: "fathom: x is no function. This is a bug of Fathom; FATHOM_DEBUG=1 shows where\n",
  });
});
