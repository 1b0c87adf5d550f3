/** docs/families.md shows the measured numbers, and every family has enough checkpoints. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { families } from "../../src/model/architecture/families/families.ts";
import { bound, documented, generated, type Measured, measureAll } from "./table.ts";

let measured: Measured[];
beforeAll(async () => {
  measured = await measureAll();
});

describe("docs/families.md", () => {
  const figures = /\d+e-\d+/g;

  it("holds the current table: node test/families/table.ts", () => {
    expect(documented().replace(figures, "…")).toBe(generated(measured, () => "…"));
  });

  it("states no error smaller than the measured one, except for a processor's last bits", () => {
    const told = documented().match(figures)!.map(Number);
    const now = generated(measured).match(figures)!.map(Number);
    expect(told.length).toBe(now.length);
    for (const [i, error] of now.entries()) {
      expect(told[i]).toBeGreaterThan(error / 4);
      expect(told[i]).toBeLessThan(error * 4);
    }
  });
});

it.each(families.map(({ name }) => name))(
  "%s has three checkpoints or more, within what is promised",
  (name) => {
    const own = measured.filter(({ family }) => family === name);
    expect(own.length).toBeGreaterThanOrEqual(3);
    for (const { forward, gradient } of own) {
      expect(forward).toBeLessThan(2e-4);
      expect(gradient).toBeLessThan(1e-3);
    }
  },
);

it("docs/adding-an-architecture.md shows the file that it names", () => {
  const text = readFileSync(new URL("../../docs/adding-an-architecture.md", import.meta.url), "utf8");
  const [, path, code] = /<!-- (\S+) -->\n```ts\n([\s\S]*?)```/.exec(text)!;
  expect(code).toBe(readFileSync(new URL(`../../${path!}`, import.meta.url), "utf8"));
});

it("rounds up, in steps", () => {
  expect([1e-6, 1.1e-6, 3e-6, 3.1e-6, 9.9e-6].map(bound)).toEqual(["1e-6", "3e-6", "3e-6", "1e-5", "1e-5"]);
});
