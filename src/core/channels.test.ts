/** Recorded text divided into thought and answer: under every family's marks, cut anywhere, and text that only speaks of marks. */
import { describe, expect, test } from "vitest";
import { splitReasoning } from "./channels.ts";
import { reasoningMarks } from "./reasoning-marks.ts";

const thought = "They ask how the soup is made. It is a recipe.";
const answer = "Boil the greycap for an hour.";

describe.each(reasoningMarks)("between $open and $close ($by)", ({ open, close }) => {
  test("a thought at the beginning is taken off, and the answer's place is known", () => {
    for (const text of [
      `${open}\n${thought}\n${close}\n\n${answer}`,
      `\n ${open}${thought}${close}${answer}`,
      // An empty thought, as templates write it when thinking is off, before the real one.
      `${open}\n\n${close}\n\n${open}${thought}${close} ${answer}`,
      // The prompt had opened the thought.
      `${thought}\n${close}\n\n${answer}`,
    ]) {
      const split = splitReasoning(text);
      expect(split).toMatchObject({ reasoning: thought, answer, cut: false });
      expect(text.slice(split.start)).toBe(answer);
    }
  });

  test("wherever the text is cut, nothing of the thought or its marks is in the answer", () => {
    const text = `${open}\n${thought}\n${close}\n\n${answer}`;
    for (let end = open.length; end <= text.length; end++) {
      const split = splitReasoning(text.slice(0, end));
      const closed = end >= text.indexOf(close) + close.length;
      expect([end, split.cut]).toEqual([end, !closed]);
      expect(thought.startsWith(split.reasoning!)).toBe(true);
      expect(split.answer).toBe(closed ? text.slice(0, end).slice(split.start) : "");
      expect(answer.startsWith(split.answer)).toBe(true);
    }
  });

  test("an empty thought leaves the answer", () => {
    expect(splitReasoning(`${open}${close}${answer}`)).toMatchObject({ reasoning: "", answer, cut: false });
  });

  test("text that only speaks of the marks has no thought", () => {
    for (const text of [
      `A model writes ${open} before its thought and ${close} behind it.`,
      `${open} is a mark of reasoning models.`,
      `Write it like this:\n${open}\nYour thought.\n${close}\nYour answer.`,
      `Write this behind it:\n\`\`\`\n${close}\n\`\`\``,
      `The mark ${close} ends a thought.`,
    ])
      expect(splitReasoning(text)).toEqual({
        reasoning: null,
        answer: text,
        cut: false,
        start: 0,
        behind: 0,
      });
  });
});

test("gpt-oss: what stands between the channels, and text from which the special tokens were taken out", () => {
  const marked = `<|channel|>analysis<|message|>${thought}<|end|><|start|>assistant<|channel|>final<|message|>${answer}`;
  expect(splitReasoning(marked)).toMatchObject({ reasoning: `${thought}<|end|><|start|>assistant`, answer });
  expect(splitReasoning(`analysis${thought}assistantfinal${answer}`)).toMatchObject({
    reasoning: thought,
    answer,
  });
  const about = "analysis of the text: it is short.";
  expect(splitReasoning(about)).toMatchObject({ reasoning: null, answer: about });
});

test("without marks the text is unchanged, white space included", () => {
  for (const text of ["", " \n", ` ${answer}\n`])
    expect(splitReasoning(text)).toEqual({ reasoning: null, answer: text, cut: false, start: 0, behind: 0 });
});
