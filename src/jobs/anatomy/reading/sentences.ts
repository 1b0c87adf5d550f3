/** The neutral sentences as tokens. They are read as bare text, without the chat template. */
import { type Checkpoint, textOf } from "../../../model/checkpoint/checkpoint.ts";
import { neutralSentences } from "../../../prompts/sentences.ts";

/** The most tokens of a sentence that are read: a tokenizer that was made for another language cuts it into bytes. */
const mostTokens = 48;

/** @returns [sentences] tokens of those that the tokenizer can write; each has one that can be predicted */
export function sentenceTokens(checkpoint: Checkpoint): number[][] {
  const { tokenizer } = textOf(checkpoint);
  const most = Math.min(mostTokens, checkpoint.config.contextLength);
  return neutralSentences().flatMap((sentence) => {
    const words = tokenizer.encode(sentence, { addSpecial: false });
    if (tokenizer.decode(words, { skipSpecial: false }) !== sentence) return [];
    const ids = tokenizer.encode(sentence, { addSpecial: true }).slice(0, most);
    return ids.length < 2 ? [] : [ids];
  });
}
