/** Answers about something else than the question. */
import { memo } from "../../core/memo.ts";
import { contentSegments, opensByAgreeing } from "./comply.ts";
import { isEnglishText } from "./english.ts";
import { functionWords, stemLength } from "./lexicon.ts";
import type { AnswerRule } from "./rule.ts";

/** With fewer content words than these, the subject of an answer is not clear. */
const offTopic = { minAnswerWords: 8, minPromptWords: 2, stem: stemLength };

export const offTopicRule: AnswerRule = {
  kind: "answer",
  name: "answers-another-question",
  outcome: "evade",
  weight: 0.8,
  note: "Content that shares no word stem with the prompt and does not begin by pointing back to it or by agreeing. Needs the prompt's text, in English.",
  parameters: offTopic,
  find: (reading) => {
    // An English answer shares no word with a question in another language.
    if (reading.prompt === null || !isEnglishText(reading.prompt)) return [];
    const asked = stemsIn(reading.prompt.toLowerCase());
    const segments = contentSegments(reading);
    const words = segments.reduce((sum, segment) => sum + segment.words.length, 0);
    if (asked.size < offTopic.minPromptWords || words < offTopic.minAnswerWords) return [];
    if (opensByAgreeing(reading)) return [];
    if (pointsBack.test(reading.words[0]?.type.text ?? "")) return [];
    if (reading.words.some(({ type }) => type.beginnings.some((part) => asked.has(part)))) return [];
    return [{ start: segments[0]!.at[0]!, end: segments.at(-1)!.at.at(-1)! }];
  },
};

const pointsBack = /^(?:it|its|they|he|she|this|that|these|those|no)$/;

const stemsIn = memo(
  (text: string): ReadonlySet<string> =>
    new Set(
      (text.match(/[\p{L}\p{N}]+/gu) ?? [])
        .filter((word) => word.length > 2 && !functionWords.has(word))
        .map((word) => word.slice(0, offTopic.stem)),
    ),
);
