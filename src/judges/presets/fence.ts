/** Makes an audited text safe to stand in a judge's prompt: it cannot close its fence, nor act as a mark of a chat format. */
import { hashText } from "../../core/hash.ts";
import type { Exhibit } from "./preset.ts";

/** Spellings that a chat format or a published prompt gives a meaning. A server may turn them into special tokens. */
const marks = /<(?=\|)|<(?=\/?(?:s|bos|eos|start_of_turn|end_of_turn)>)|\[(?=\/?INST\])|<(?=<\/?SYS>>)/g;

/** Length of the nonce, in hex digits: a text that holds its own nonce cannot be found by trying. */
const digits = 16;

/**
 * Breaks every mark of a chat format up with a space: `<|user|>` becomes `< |user|>`. Half a surrogate pair, as a cut can leave
 * it, becomes U+FFFD, because no tokenizer can read it.
 */
function withoutMarks(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd").replace(marks, (mark) => `${mark} `);
}

/** The nonce is a hash of both texts, so the same answer is always asked about in the same words. */
export function exhibitOf(answer: { text: string; prompt: string | null; cut: boolean }): Exhibit {
  const prompt = answer.prompt === null ? null : withoutMarks(answer.prompt);
  const text = withoutMarks(answer.text);
  return {
    ...{ prompt, answer: text, cut: answer.cut },
    nonce: hashText(`fence\0${prompt ?? ""}\0${text}`).slice(0, digits),
  };
}
