/** Untrusted YAML of any content is quickly read, or refused with its line. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readYaml } from "./yaml.ts";

const folder = mkdtempSync(join(tmpdir(), "fathom-yaml-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const path = join(folder, "plan.yaml");
const read = (text: string): unknown => {
  writeFileSync(path, text);
  return readYaml(path, "a plan").value;
};

describe("readYaml", () => {
  it("reads what people write", () => {
    expect(read("\ufeffa: [1, b]\r\nc:\r\n  - d: |\n      *not an alias\n      !not a tag\n")).toEqual({
      a: [1, "b"],
      c: [{ d: "*not an alias\n!not a tag\n" }],
    });
    expect(read("{a: '*x', b: \"!y\", c: x * y! }")).toEqual({ a: "*x", b: "!y", c: "x * y!" });
    expect(read("__proto__: 1")).toEqual(JSON.parse('{"__proto__": 1}'));
    expect(read(`${"- ".repeat(90)}x`)).toBeInstanceOf(Array);
  });

  it.each([
    ["an alias", "a: 1\nmodel: *foo", ":2: expected YAML without aliases, found *foo"],
    ["a circle", "system: &a [*a]", ":1: expected YAML without aliases, found *a"],
    ["laughs", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", ":2: expected YAML without aliases"],
    ["a tag", "a: 1\n\nb: !!js/function 'x'", ":3: expected YAML without tags, found !!js/function"],
    ["a tag behind a mark", "--- !x\na: b", ":1: expected YAML without tags"],
    ["a deep flow", `a: ${"[".repeat(5000)}`, ":1: expected YAML that nests at most 100 deep"],
    ["deep maps", "{a: ".repeat(3000), ":1: expected YAML that nests at most 100 deep"],
    ["a deep block", "- ".repeat(2000), ":1: expected YAML that nests at most 100 deep"],
    ["deep keys", "? ".repeat(2000), ":1: expected YAML that nests at most 100 deep"],
    ["much", "a: 1\n".repeat(100_000), "expected YAML of at most 20000 words and marks, found more"],
    ["too much", "a".repeat(2 ** 20 + 1), "expected YAML of at most 1048576 bytes, found 1048577 bytes"],
    ["two documents", "a: 1\n---\nb: 1\n", ":2: expected YAML, found"],
    ["a key twice", "a: 1\na: 2\n", ":2: expected YAML, found Map keys must be unique"],
  ])("refuses %s with its line", (_name, text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it("refuses bytes that are no text", () => {
    writeFileSync(path, Buffer.from([0x61, 0x3a, 0xff]));
    expect(() => readYaml(path, "a plan")).toThrow("expected UTF-8 text");
  });

  it.each([
    ["tags", "a: !!str 1\n".repeat(60_000)],
    ["anchors", "&a ".repeat(200_000)],
    ["commas", `[${",".repeat(600_000)}`],
    ["brackets", "[".repeat(1_000_000)],
    ["dashes", "- ".repeat(400_000)],
    ["directives", "%TAG ! tag:x,2000:\n".repeat(50_000)],
    ["backslashes", `"${"\\".repeat(900_000)}`],
    ["lines of one text", `a: |\n${" x\n".repeat(300_000)}`],
  ])("takes no time over %s", (_name, text) => {
    const start = performance.now();
    try {
      read(text);
    } catch (error) {
      expect((error as Error).message).toContain("expected YAML");
    }
    // Some of these took minutes; a busy machine takes a second.
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
