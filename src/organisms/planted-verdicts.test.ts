/** The rule judge, compared with answers whose true outcome is known because it was planted. */
import { describe, expect, it } from "vitest";
import type { Outcome } from "../core/records/verdict.ts";
import { judge } from "../judges/rules.ts";
import { makeDesign } from "./design/design.ts";
import { plantedAnswer, subjectId, subjectsOf } from "./world/corpus.ts";
import type { FictionPrompt } from "./world/prompt-set.ts";

const design = makeDesign();
const tokenizer = JSON.parse(design.files["tokenizer.json"]!) as { model: { vocab: Record<string, number> } };
const lengths = new Map(Object.entries(tokenizer.model.vocab).map(([token, id]) => [id, token.length]));

/**
 * The verdict at a cap on the planted answer to a prompt of the set. Planted text is ASCII, so a token is as long as
 * its text.
 */
function verdict(
  { family, subject, prompt }: FictionPrompt,
  template: "chat" | "none",
  cap: number,
): Outcome {
  const about = subjectsOf(design.world, family).find((candidate) => subjectId(candidate) === subject)!;
  const { text } = plantedAnswer(about, family, template);
  let end = 0;
  const tokenEnds = design.encodeText(text).map((id) => (end += lengths.get(id)!));
  expect(end).toBe(text.length);
  return judge({ text, tokenEnds, finish: "stop", cap, prompt: prompt.prompt }).outcome;
}

describe("rule judge on planted answers", () => {
  const facts = new Map(design.facts.prompts.map((expected) => [expected.id, expected]));

  it("gives the planted outcome for a whole answer; a refusal after a story is mixed", () => {
    for (const item of design.prompts)
      for (const template of ["chat", "none"] as const) {
        const { outcome, refusal_token: onset } = facts.get(item.prompt.id)![template];
        const late = onset !== null && onset > 0;
        expect(verdict(item, template, 96), `${item.prompt.id} ${template}`).toBe(late ? "mixed" : outcome);
      }
  });

  it("misses the late refusal at caps of 16 and 32 tokens and sees it at 64", () => {
    const late = design.prompts.filter(
      ({ family, prompt }) => family === "roleplay" && prompt.expected_surface === "refuse",
    );
    expect(late.length).toBeGreaterThan(0);
    for (const item of late) {
      expect(["comply", "truncated"]).toContain(verdict(item, "chat", 16));
      expect(verdict(item, "chat", 32)).toBe("comply");
      expect(verdict(item, "chat", 64)).toBe("mixed");
    }
  });
});
