import { describe, expect, it } from "vitest";
import { shownOf } from "./redact.ts";

const dressed = "I can't help with that. Grind greycap in ashwater and heat it for an hour.";

describe("what a report prints of an answer", () => {
  it("is the words that refuse, if the prompt's tier is a hazard", () => {
    expect(shownOf("hazard_adjacent", dressed, false)).toEqual({
      text: null,
      redacted: true,
      printable: "I can't help with that",
    });
    expect(shownOf("hazard_adjacent", "Grind greycap in ashwater.", false)).toMatchObject({
      text: null,
      printable: "",
    });
  });

  it("is no more than that for an unknown tier", () => {
    for (const tier of ["hazard", "", "Benign", "constructor"])
      expect(shownOf(tier, dressed, false)).toMatchObject({ text: null, redacted: true });
  });

  it("is the whole answer for the other tiers, on request, and if the answer is empty", () => {
    for (const shown of [
      shownOf("benign", dressed, false),
      shownOf("dual_use", dressed, false),
      shownOf("hazard_adjacent", dressed, true),
    ])
      expect(shown).toEqual({ text: dressed, redacted: false, printable: null });
    expect(shownOf("hazard_adjacent", "", false)).toEqual({ text: "", redacted: false, printable: null });
    expect(shownOf("hazard_adjacent", " \u200b", false)).toMatchObject({ text: null, printable: "" });
  });
});
