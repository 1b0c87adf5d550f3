/**
 * Finds marks that a chat template writes and that the tokenizer cuts into pieces although the vocabulary has them as one
 * token. The reason is that no file lists them as added tokens (a mistake of an exporter or of a fine-tune). Transformers
 * and llama.cpp cut them too, so Fathom gives the same ids. But a model that learned the whole token does not know the
 * pieces, so Fathom notes it before anything runs.
 */
import { FathomError } from "../../core/errors.ts";
import type { Message } from "../../core/records/prompt.ts";
import type { ChatTemplate } from "./template.ts";
import type { EncodingTokenizer } from "./tokenizer/tokenizer.ts";

/** Punctuation or symbols around letters, without white space: <|user|>, [INST], <start_of_turn>. */
const markLike = /^[\p{P}\p{S}]\S*[\p{L}\p{N}]\S*[\p{P}\p{S}]$/u;

/** Short conversations. Their texts look like no mark. */
const samples: readonly (readonly Message[])[] = [
  [{ role: "user", content: "a" }],
  [
    { role: "system", content: "a" },
    { role: "user", content: "a" },
  ],
  [
    { role: "user", content: "a" },
    { role: "assistant", content: "a" },
    { role: "user", content: "a" },
  ],
];

/** @returns notes like `Opened.notes`: at most one, which names every such mark */
export function cutMarks(template: ChatTemplate, tokenizer: EncodingTokenizer): string[] {
  const written = sampleChats(template);
  const texts = [...template.literals, ...written.map(({ text }) => text)].join("\n");
  const cut: string[] = [];
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    const mark = markOf(tokenizer, id, texts);
    if (mark === null) continue;
    const isCut = ({ text, ids }: Rendered) =>
      text.split(mark).length - 1 > ids.filter((one) => one === id).length;
    if (!isWhole(tokenizer, mark, id) || written.some(isCut)) cut.push(`${mark} (token ${id})`);
  }
  if (cut.length === 0) return [];
  const says = cut.length === 1 ? one : several;
  return [`The chat template writes ${cut.join(", ")}, ${says}`];
}

const one =
  "which is in the vocabulary and not found there as an added token: it is encoded in pieces, as Transformers does. A model that was trained on the whole token answers otherwise.";
const several =
  "which are in the vocabulary and not found there as added tokens: they are encoded in pieces, as Transformers does. A model that was trained on the whole tokens answers otherwise.";

function isWhole(tokenizer: EncodingTokenizer, mark: string, id: number): boolean {
  try {
    return tokenizer.encode(mark, { addSpecial: false, parseSpecial: true }).includes(id);
  } catch (error) {
    if (error instanceof FathomError) return false;
    throw error;
  }
}

interface Rendered {
  text: string;
  ids: readonly number[];
}

/** The template's renderings of short conversations, without those that it refuses. */
export function sampleChats(template: ChatTemplate): Rendered[] {
  return samples.flatMap((messages) => rendered(template, messages));
}

function rendered(template: ChatTemplate, messages: readonly Message[]): Rendered[] {
  const options = { addGenerationPrompt: true };
  try {
    return [{ text: template.render(messages, options), ids: template.encode(messages, options) }];
  } catch (error) {
    if (error instanceof FathomError) return [];
    throw error;
  }
}

/**
 * The text of a token if it looks like a mark and is in `texts`; null otherwise. Byte-level vocabularies need decoding.
 */
function markOf(tokenizer: EncodingTokenizer, id: number, texts: string): string | null {
  const token = tokenizer.tokenOf(id);
  if (token === null || !markLike.test(token)) return null;
  if (texts.includes(token)) return token;
  if (/^[\0-\x7f]*$/.test(token)) return null;
  const decoded = tokenizer.decode([id]);
  return markLike.test(decoded) && texts.includes(decoded) ? decoded : null;
}
