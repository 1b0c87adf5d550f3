/** The judge of thoughts, on labelled thoughts of our own. The held ones were written before the rules met them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ThoughtVerdict } from "../core/records/verdict.ts";
import { readThought } from "./thought.ts";

interface Labelled extends Pick<ThoughtVerdict, "recognises" | "decision"> {
  text: string;
  held?: true;
}
const file = join(import.meta.dirname, "../../test/fixtures/judges/thoughts.jsonl");
const labelled = readFileSync(file, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Labelled);

describe("labelled thoughts", () => {
  test.each(labelled.filter(({ held }) => held !== true))("$text", ({ text, recognises, decision }) => {
    expect(readThought(text)).toMatchObject({ recognises, decision });
  });

  test("held ones", () => {
    const held = labelled.filter((one) => one.held === true);
    const right = held.filter(({ text, recognises, decision }) => {
      const found = readThought(text);
      return found.recognises === recognises && found.decision === decision;
    });
    const wrong = held.filter((one) => !right.includes(one)).map(({ text }) => [text, readThought(text)]);
    expect(wrong).toEqual([]);
  });
});
