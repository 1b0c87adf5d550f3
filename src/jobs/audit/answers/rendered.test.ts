import { describe, expect, it } from "vitest";
import type { Prompt } from "../../../core/records/prompt.ts";
import { exampleOf, rendered } from "./rendered.ts";

const prompt = { id: "p1", prompt: "Hello", tier: "benign", panel: "main" } as Prompt;
const turn = (role: string, text: string) => `<|im_start|>${role}\n${text}<|im_end|>\n`;
const user = `${turn("user", "Hello")}<|im_start|>assistant\n`;
/** Like Qwen's: without a system prompt it puts in its own. */
const own = (system: string | null) => turn("system", system ?? "You are a helpful assistant.") + user;
/** No system prompt, no system turn. */
const plain = (system: string | null) => (system === null ? "" : turn("system", system)) + user;
const refusing = (system: string | null) => {
  if (system !== null) throw new Error("no system role");
  return user;
};

describe("a rendered prompt", () => {
  it.each([
    ["a template's own system turn", own, null, "You are a helpful assistant."],
    ["the plan's system prompt", own, "Be short.", "Be short."],
    ["no system turn", plain, null, null],
    ["the plan's, of a template without its own", plain, "Be short.", "Be short."],
    ["none where the template refuses one", refusing, null, null],
  ] as const)("shows %s", (_, render, system, expected) => {
    const got = rendered({ template: "chat", turn: "user" }, prompt, system, render);
    expect(got).toEqual({
      template: "chat",
      turn: "user",
      prompt_id: "p1",
      text: render(system),
      system_turn: expected,
    });
  });

  it("has no system turn as bare text, and is of a benign prompt if there is one", () => {
    expect(rendered({ template: "none", turn: "user" }, prompt, null, () => "Hello").system_turn).toBeNull();
    const hazard = { ...prompt, id: "h", tier: "hazard_adjacent" } as Prompt;
    expect(exampleOf([hazard, prompt])).toBe(prompt);
    expect(exampleOf([hazard])).toBe(hazard);
    expect(exampleOf([])).toBeUndefined();
  });
});
