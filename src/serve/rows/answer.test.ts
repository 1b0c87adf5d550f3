/** An answer that grows: stop texts and thoughts are found wherever the tokens are cut. */
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { splitReasoning } from "../../core/channels.ts";
import { chatTemplate } from "../../model/text/template.ts";
import { thinkingOf } from "../../model/text/thinking.ts";
import { readTokenizerFiles } from "../../model/text/tokenizer/tokenizer-files.ts";
import { buildTokenizer } from "../../model/text/tokenizer/tokenizer-json.ts";
import { Answer } from "./answer.ts";
import { TokenShower } from "./token-shown.ts";

const fixtures = join(import.meta.dirname, "../../../test/fixtures/tokenizer");
const tokenizer = buildTokenizer(readTokenizerFiles(join(fixtures, "bytelevel")));
// The marks are several tokens of this vocabulary.
const thinking = thinkingOf(tokenizer, chatTemplate("t", "{{ '<think>' }}</think>", {}, tokenizer));
const encode = (text: string) => tokenizer.encode(text, { addSpecial: false });

/** Each letter a token, or as the tokenizer cuts it. */
const cutsOf = (text: string) => [encode(text), Array.from(text).flatMap(encode)];

function answered(
  ids: readonly number[],
  { stops = [], thinks = false, prompt = "" }: { stops?: string[]; thinks?: boolean; prompt?: string } = {},
) {
  const answer = new Answer({
    ...{ tokenizer, stops, shower: new TokenShower(tokenizer), prompt: encode(prompt) },
    thinking: thinks ? thinking : null,
  });
  const pieces = [];
  for (const token of ids) {
    pieces.push(answer.push({ row: "a", token, logProbabilities: { chosen: -1, top: [] } }));
    if (answer.stopped) break;
  }
  pieces.push(answer.end());
  return {
    pieces,
    text: pieces.map(({ text }) => text).join(""),
    reasoning: pieces.map(({ reasoning }) => reasoning).join(""),
    tokens: pieces.flatMap(({ tokens }) => tokens.map(({ token }) => token)),
    thoughtCount: answer.thoughtCount,
    stopped: answer.stopped,
    count: answer.count,
  };
}

const letters = fc.string({ unit: fc.constantFrom("a", "b", " ", "\n"), maxLength: 14 });

test("an answer ends before the first stop text, and no part of one is given before", () => {
  const stop = fc.string({ unit: fc.constantFrom("a", "b", " "), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(letters, fc.array(stop, { maxLength: 3 }), (text, stops) => {
      // The answer as it grows by one letter: it ends with the first stop text, the longest where several end there.
      const grown = Array.from(text, (_letter, index) => text.slice(0, index + 1));
      const endsIn = (part: string) => stops.filter((stop) => part.endsWith(stop));
      const full = grown.find((part) => endsIn(part).length > 0);
      const expected =
        full === undefined
          ? text
          : full.slice(0, full.length - Math.max(...endsIn(full).map((stop) => stop.length)));
      for (const ids of cutsOf(text)) {
        const found = answered(ids, { stops });
        expect(found.text).toBe(expected);
        expect(found.stopped).toBe(full !== undefined);
        // The tokens are those that begin in the text.
        const joined = found.tokens.join("");
        expect(joined.startsWith(expected)).toBe(true);
        expect(found.tokens.slice(0, -1).join("").length).toBeLessThan(Math.max(1, expected.length));
      }
    }),
    // Found on CI: the longer stop text begins first and is complete last.
    { examples: [[" ba", [" ba", "b"]]] },
  );
});

test("a thought is divided as splitReasoning divides the text, wherever the answer is cut", () => {
  // With other neighbours this vocabulary cuts the mark in ways that are not known as a mark ("><" is one token).
  const inner = fc.string({ unit: fc.constantFrom("a", "b", " "), maxLength: 14 });
  const thought = inner.map((text) => `<think>\n${text}\n</think>`);
  const parts = fc.tuple(
    fc.constantFrom("", "\n", " "),
    fc.array(thought, { minLength: 1, maxLength: 2 }),
    inner,
  );
  fc.assert(
    fc.property(parts, fc.nat(40), ([blank, thoughts, rest], cut) => {
      const whole = `${blank}${thoughts.join("\n")}\n${rest}`;
      for (const text of [whole, whole.slice(0, cut)]) {
        const expected = splitReasoning(text);
        if (expected.reasoning === null) continue;
        const found = answered(encode(text), { thinks: true });
        expect(found.reasoning).toBe(expected.reasoning);
        expect(found.text).toBe(expected.answer);
        expect(found.thoughtCount).not.toBeNull();
      }
    }),
    { numRuns: 300 },
  );
});

test("the prompt can open the thought", () => {
  const { reasoning, text, tokens, thoughtCount } = answered(encode(" a b\n</think>\n\nb"), {
    thinks: true,
    prompt: "a<think>\n",
  });
  expect({ reasoning, text }).toEqual({ reasoning: "a b", text: "b" });
  expect(tokens.join("").trim()).toBe("b");
  expect(thoughtCount).toBe(encode(" a b\n</think>").length);
});

test("text that only looks like a mark is answer, and nothing of it is lost", () => {
  for (const text of ["<thin a", "<think", "a<think>b</think>", "\n \n", ""]) {
    const { text: said, reasoning, thoughtCount } = answered(encode(text), { thinks: true });
    expect({ said, reasoning, thoughtCount }).toEqual({ said: text, reasoning: "", thoughtCount: null });
  }
});
