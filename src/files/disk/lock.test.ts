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

it("lets one in where the holder's number has been given to another process since", () => {
  const release = holdAlone(folder);
  const mine = JSON.parse(readFileSync(lock, "utf8")) as { began: string | null };
  release();
  // As a lock of a version that did not write when its holder began, and as this process's own.
  for (const began of [{}, { began: mine.began }]) {
    held({ host: hostname(), pid: process.pid, ...began });
    expect(() => holdAlone(folder)).toThrow(`process ${process.pid} of ${hostname()}`);
  }
  if (process.platform !== "linux") return;
  expect(mine.began).toMatch(/^[0-9a-f-]{36} \d+$/);
  // The container was started again, or the whole machine: same host, same number, another process.
  for (const began of [mine.began!.replace(/\d+$/, "1"), mine.began!.replace(/^\S+/, "another-boot")]) {
    held({ host: hostname(), pid: process.pid, began });
    holdAlone(folder)();
  }
});

it("lets one in after a lock of the future, which no clock of here has written", () => {
  held({ host: "elsewhere", pid: nobody });
  const [soon, tomorrow] = [Date.now() / 1000 + 60, Date.now() / 1000 + 86_400];
  utimesSync(lock, soon, soon);
  expect(() => holdAlone(folder)).toThrow(`process ${nobody} of elsewhere`);
  utimesSync(lock, tomorrow, tomorrow);
  holdAlone(folder)();
});

it("takes nobody else's lock away when it lets go", () => {
  const release = holdAlone(folder);
  held({ host: "elsewhere", pid: 1 });
  release();
  expect(readFileSync(lock, "utf8")).toContain("elsewhere");
});
