/** Who may work on a folder, and when one who was killed no longer stands in the way. */
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { holdAlone } from "./lock.ts";

let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fathom-lock-"));
  lock = join(folder, "at-work.lock");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const held = (by: object) => {
  writeFileSync(lock, JSON.stringify(by));
};
/** Above every number that Linux and macOS give a process. */
const nobody = 2 ** 30;

it("lets one in at a time, and says who is", () => {
  const release = holdAlone(folder);
  expect(() => holdAlone(folder)).toThrow(
    `${folder}: expected no other process at work on it, found process ${process.pid} of ${hostname()}. Try: once`,
  );
  release();
  expect(existsSync(lock)).toBe(false);
  holdAlone(folder)();
});

it("lets one in after another that was killed: here at once, elsewhere when it has been silent", () => {
  held({ host: hostname(), pid: nobody });
  holdAlone(folder)();
  held({ host: "elsewhere", pid: nobody });
  expect(() => holdAlone(folder)).toThrow(`process ${nobody} of elsewhere`);
  const fiveMinutesAgo = Date.now() / 1000 - 300;
  utimesSync(lock, fiveMinutesAgo, fiveMinutesAgo);
  holdAlone(folder)();
  expect(existsSync(lock)).toBe(false);
});

it("takes nobody else's lock away when it lets go", () => {
  const release = holdAlone(folder);
  held({ host: "elsewhere", pid: 1 });
  release();
  expect(readFileSync(lock, "utf8")).toContain("elsewhere");
});
