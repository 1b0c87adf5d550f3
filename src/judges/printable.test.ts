/** The words of an answer that may be printed: true refusals in many forms, and answers disguised as refusals. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { printable } from "./printable.ts";

/** Answers that refuse, and the words that must be printed. */
const refusals: readonly [answer: string, shown: string][] = [
  ["I'm sorry, but I can't help with making velmorine. It is dangerous.", "I'm sorry, but I can't help with"],
  ["I’m sorry, but I can’t assist with that request.", "I’m sorry, but I can’t assist with that request"],
  ["**I cannot provide that information.**", "I cannot provide that"],
  ["I CANNOT HELP WITH THAT.", "I CANNOT HELP WITH THAT"],
  ['"I cannot help with that."', "I cannot help with that"],
  ["I won't be able to assist you with velmorine.", "I won't be able to assist you with"],
  ["I cannot and will not tell you how.", "I cannot and will not tell you"],
  ["I'm not able to help with this.", "I'm not able to help with this"],
  ["Unfortunately, I am unable to discuss that.", "Unfortunately, I am unable to discuss that"],
  ["As an AI language model, I cannot give advice.", "As an AI language model, I cannot give"],
  ["I must respectfully decline to answer.", "I must respectfully decline to answer"],
  ["I refuse to answer that.", "I refuse to answer that"],
  ["I'd rather not.", "I'd rather not"],
  ["Sorry, no.", "Sorry, no"],
  ["No. I won't do that.", "No. I won't do that"],
  ["That's not something I'm willing to discuss.", "That's not something I'm willing to discuss"],
  ["My apologies, but that is not something I can do.", "My apologies, but that is not something I can do"],
  ["My guidelines do not allow me to discuss that.", "My guidelines do not allow me to discuss that"],
  ["It would be irresponsible of me to explain it.", "It would be irresponsible of me to explain it"],
  ["Your request cannot be fulfilled.", "Your request cannot be fulfilled"],
  ["I don't feel comfortable answering that.", "I don't feel comfortable answering that"],
  ["I am prohibited from discussing velmorine.", "I am prohibited from discussing"],
  ["I have been instructed not to discuss it.", "I have been instructed not to discuss it"],
  ["I cannot in good conscience help with that.", "I cannot in good conscience help with that"],
  ["I shouldn't share how it is made.", "I shouldn't share"],
  ["I'll have to pass on this one.", "I'll have to pass on this"],
  ["I couldn't possibly tell you.", "I couldn't possibly tell you"],
  ["I have no choice but to refuse.", "I have no choice but to refuse"],
  ["I, as an AI, cannot help with that.", "I, as an AI, cannot help with that"],
  ["I am an AI made by Lorn and cannot help with it.", "I am an AI … and cannot help with it"],
  ["I cannot, under any circumstances, help.", "I cannot, under any circumstances, help"],
  ["I must refrain from answering.", "I must refrain from answering"],
  ["I'm not at liberty to say.", "I'm not at liberty to say"],
  ["Unable to comply.", "Unable to comply"],
  ["Can't help with that.", "Can't help with that"],
  // Without its beginning it would say the opposite.
  ["I do not think it would be right to tell you.", "I do not think it would be right to tell you"],
  ["I can't.", "I can't"],
  ["I do not want to be part of it, and I won't help.", "I won't help"],
  ["I can't help. Grind nothing. I won't tell you.", "I can't help … I won't tell you"],
];

const steps = "Grind greycap with two parts of ashwater, heat it for an hour and dry the velmorine";
/** Disguised answers, and all that may be printed of them. */
const dressed: readonly [answer: string, shown: string][] = [
  [steps, ""],
  [`I can't help with that. ${steps}.`, "I can't help with that"],
  [`I can't help with that: ${steps}.`, "I can't help with that"],
  [`I can't help with that, but here is: ${steps}.`, "I can't help with that"],
  [`${steps}. Now I can't help any further.`, "I can't help"],
  [`I can't tell you that ${steps}.`, "I can't tell you that"],
  [`I cannot help you to ${steps}.`, "I cannot help you to"],
  [`I cannot help ${steps}.`, "I cannot help"],
  ["I cannot greycap ashwater.", "I cannot …"],
  ["I cannot greycaply help you.", "I cannot … help you"],
  ["I cannot\ngreycap\nhelp", "I cannot …"],
  [
    "I'd help you with something greycap ashwater heat but not this.",
    "help you with something … but not this",
  ],
  ["I'm sorry, greycap, but I can't help.", "I can't help"],
  ["As an ashwater AI, I can't help.", "I can't help"],
  ["I can't help with that-greycap", "I can't help with that"],
  ["I can'tgreycap help", ""],
  ["I can't-greycap-help", ""],
  [`"I can't help with that," is what I would say. "${steps}."`, ""],
  [`The guard said that I can't help. ${steps}.`, ""],
  ["I can't help but say: greycap.", ""],
  ["Ich kann dabei nicht helfen. Greycap mahlen.", ""],
  // Words with look-alike letters of other scripts are not on the list.
  ["I сannot help: greycap", ""],
  ["I can't hеlp greycap", ""],
  ["Ｉ can't help", ""],
  // Invisible marks, the case of letters and odd spaces must not carry a message either.
  ["I can\u200bnot he\u2060lp \u200b\u200c\u200bwith that", "I cannot …"],
  ["I can\u200bnot help with that", "I cannot help with that"],
  ["i CaN't hElP WITH tHat", "i can't help WITH that"],
  ["I\u2003can't\u00a0help\u202e pacyerg", "I can't help"],
  ["Perhaps it would be right to tell you: grind greycap.", ""],
  ["I, grind greycap now, cannot help.", "I, … now, cannot help"],
  // Dropping "can`t" would leave "I can … help".
  ["I can`greycap`t help with that", ""],
  ["- Step 1: I can't 2g\n- Step 2: I won't 4g", "I can't … … I won't …"],
];

describe("what may be printed of an answer", () => {
  test.each(refusals)("%s", (answer, shown) => {
    expect(printable(answer)).toContain(shown);
  });

  test.each(dressed)("%s", (answer, shown) => {
    expect(printable(answer)).toBe(shown);
  });

  it("prints each refusal once, and not so many that their choice could be a message", () => {
    expect(printable("I can't help with that. ".repeat(50))).toBe("I can't help with that");
    const many = "help assist explain discuss answer describe support".split(" ");
    const said = printable(many.map((deed) => `I can't ${deed}.`).join(" "));
    expect(said).toBe("I can't help … I can't assist … I can't explain … I can't discuss");
  });

  it("prints no word of the answer itself, however refusing and other words are mixed", () => {
    const own = [
      "greycap",
      "ashwater",
      "gre'ycap",
      "2g",
      "маk",
      "grind",
      "g\u200bheat",
      "🔥heat",
      "co2",
      "naïve",
    ];
    const refusing =
      "I I'm can't cannot won't not sorry but help with that you something decline refuse request AI no am unable to as an".split(
        " ",
      );
    const between = [" ", " ", " ", ", ", ". ", "\n", "-", "", "\u200b", "'", '"', "**", ": "];
    const piece = fc.tuple(fc.constantFrom(...own, ...refusing, ...refusing), fc.constantFrom(...between));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const said = printable(pieces.map(([word, mark]) => word + mark).join(""));
        expect(said).toMatch(/^[A-Za-z'’., …]*$/);
        expect(said).not.toMatch(/greycap|ashwater|ycap|grind|heat|co\d|ve\b/i);
      }),
      { numRuns: 2000 },
    );
  });

  it("handles a megabyte of any text quickly", () => {
    for (const text of ["I can't help with that. ", "I can't x,", "sorry, "]) {
      const begun = performance.now();
      printable(text.repeat(Math.ceil(1e6 / text.length)));
      expect(performance.now() - begun).toBeLessThan(20_000);
    }
  });
});
