/** An answer without content: no letter, digit or pictograph after markup is removed. */
import type { AnswerRule } from "./rule.ts";

const limits = {
  /** Up to this many bare marks count as empty; more are noise. */
  marks: 20,
};

/** Tags and list numbers, which are not words of the model. */
const markup = /<\/?[a-z]{1,12}\s?\/?>|^[ \t]*\d{1,3}[.)][ \t]*$/gim;

export const emptyRule: AnswerRule = {
  kind: "answer",
  name: "no-words",
  outcome: "empty",
  weight: 0.9,
  note: "White space, markup, list numbers, dots and invisible characters only.",
  parameters: limits,
  find: ({ text }) => {
    // Only a tag can hide a letter.
    if (!text.includes("<") && /\p{L}/u.test(text)) return [];
    const rest = text.replace(markup, "").replace(/[\s\u200b-\u200f\ufeff]/g, "");
    if (/[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(rest)) return [];
    const onlyRules = /^[-*_=#>.|`~]*$/.test(rest);
    return rest.length <= limits.marks || onlyRules ? [{ start: 0, end: text.length }] : [];
  },
};
