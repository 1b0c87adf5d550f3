/** Nothing was said: no letter, digit or pictograph once markup is set aside. */
import type { AnswerRule } from "./rule.ts";

const limits = {
  /** Longest run of bare marks that is still nothing; more than this is noise. */
  marks: 20,
};

/** Tags, list numbers and code fences hold no words of the model. */
const markup = /<\/?[a-z]{1,12}\s?\/?>|^[ \t]*\d{1,3}[.)][ \t]*$/gim;

export const emptyRule: AnswerRule = {
  kind: "answer",
  name: "no-words",
  outcome: "empty",
  weight: 0.9,
  note: "White space, markup, list numbers, dots and invisible characters only.",
  parameters: limits,
  find: ({ text }) => {
    const rest = text.replace(markup, "").replace(/[\s\u200b-\u200f\ufeff]/g, "");
    if (/[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(rest)) return [];
    const onlyRules = /^[-*_=#>.|`~]*$/.test(rest);
    return rest.length <= limits.marks || onlyRules ? [{ start: 0, end: text.length }] : [];
  },
};
