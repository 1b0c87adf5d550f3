/** Which process may work on a folder, and when the lock of a killed process no longer counts. */
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
/** A number that is larger than any process number of Linux and macOS. */
const nobody = 2 ** 30;

it("lets one process in at a time, and names it", () => {
  const release = holdAlone(folder);
  expect(() => holdAlone(folder)).toThrow(
    `${folder}: expected no other process at work on it, found process ${process.pid} of ${hostname()}. Try: once`,
  );
  release();
  expect(existsSync(lock)).toBe(false);
  holdAlone(folder)();
});

it("lets one in after another was killed: at once on this machine, after some silence on others", () => {
  held({ host: hostname(), pid: nobody });
  holdAlone(folder)();
  held({ host: "elsewhere", pid: nobody });
  expect(() => holdAlone(folder)).toThrow(`process ${nobody} of elsewhere`);
  const fiveMinutesAgo = Date.now() / 1000 - 300;
  utimesSync(lock, fiveMinutesAgo, fiveMinutesAgo);
  holdAlone(folder)();
  expect(existsSync(lock)).toBe(false);
});

it("lets one in if the holder's number now belongs to another process", () => {
  const release = holdAlone(folder);
  const mine = JSON.parse(readFileSync(lock, "utf8")) as { began: string | null };
  release();
  // A lock of an earlier version, which did not write when its holder started; and this process's own lock.
  for (const began of [{}, { began: mine.began }]) {
    held({ host: hostname(), pid: process.pid, ...began });
    expect(() => holdAlone(folder)).toThrow(`process ${process.pid} of ${hostname()}`);
  }
  if (process.platform !== "linux") return;
  expect(mine.began).toMatch(/^[0-9a-f-]{36} \d+$/);
  // The container or the whole machine was restarted: same host, same number, another process.
  for (const began of [mine.began!.replace(/\d+$/, "1"), mine.began!.replace(/^\S+/, "another-boot")]) {
    held({ host: hostname(), pid: process.pid, began });
    holdAlone(folder)();
  }
});

it("lets one in if the lock's date is far in the future, which this machine's clock cannot have written", () => {
  held({ host: "elsewhere", pid: nobody });
  const [soon, tomorrow] = [Date.now() / 1000 + 60, Date.now() / 1000 + 86_400];
  utimesSync(lock, soon, soon);
  expect(() => holdAlone(folder)).toThrow(`process ${nobody} of elsewhere`);
  utimesSync(lock, tomorrow, tomorrow);
  holdAlone(folder)();
});

it("does not remove the lock of another process when it releases its own", () => {
  const release = holdAlone(folder);
  held({ host: "elsewhere", pid: 1 });
  release();
  expect(readFileSync(lock, "utf8")).toContain("elsewhere");
});
