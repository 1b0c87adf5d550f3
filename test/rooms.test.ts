/** The rooms of src: their picture is up to date, no folder is too full, and documents name files that exist. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { expect, it } from "vitest";
import { roomsSvg } from "../scripts/draw-rooms.ts";

const root = join(import.meta.dirname, "..");

it("the picture of the rooms shows what the linter holds", async () => {
  const stale = "run `node_modules/.bin/node scripts/draw-rooms.ts`";
  expect(readFileSync(join(root, "docs/rooms.svg"), "utf8"), stale).toBe(await roomsSvg());
});

it("the picture has an arrow for each permission, directly or by a longer way", async () => {
  const svg = await roomsSvg();
  const arrows = [...svg.matchAll(/<title>([^<]+)&#45;&gt;([^<]+)<\/title>/g)].map(([, from, to]) => [
    from,
    to,
  ]);
  const reaches = (from: string, to: string): boolean =>
    arrows.some(([a, b]) => a === from && (b === to || reaches(b!, to)));
  expect(reaches("audit", "core")).toBe(true);
  expect(reaches("model/engine", "model/ort")).toBe(true);
  expect(reaches("cli", "jobs/audit")).toBe(true);
  expect(reaches("audit", "model/engine")).toBe(false);
  expect(reaches("core", "stats")).toBe(false);
});

it("at most 25 files lie directly in a folder", () => {
  const counts = new Map<string, number>();
  for (const top of ["src", "web/src", "test/cli"])
    for (const entry of readdirSync(join(root, top), { recursive: true, withFileTypes: true }))
      if (entry.isFile()) counts.set(entry.parentPath, (counts.get(entry.parentPath) ?? 0) + 1);
  expect(counts.size).toBeGreaterThan(30);
  expect([...counts].filter(([, files]) => files > 25)).toEqual([]);
});

it("documents name files and folders that exist", () => {
  const pages = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
    (path) =>
      path.endsWith(".md") &&
      !/^(node_modules|runs|build|dist|coverage|\.git|examples)$/.test(path.split(sep)[0]!) &&
      path !== "CHANGELOG.md",
  );
  const named = pages.flatMap((page) =>
    [
      ...readFileSync(join(root, page), "utf8").matchAll(
        /`((?:src|web|test|scripts|bench|oracle)\/[\w./-]+)`/g,
      ),
    ].map(([, path]) => ({ page, path: path! })),
  );
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter(({ path }) => !path.includes("NAME") && !existsSync(join(root, path)))).toEqual([]);
});
