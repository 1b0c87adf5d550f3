/** The text side of a checkpoint: its tokenizer, and its chat template where it has one. */
import { hashJson, hashText } from "../core/hash.ts";
import type { OpenedText } from "./opened.ts";
import { type ChatTemplate, chatTemplate } from "./template.ts";
import type { EncodingTokenizer } from "./tokenizer.ts";

export interface CheckpointText {
  tokenizer: EncodingTokenizer;
  /** null when the checkpoint has none; only a chat prompt needs it. */
  template: ChatTemplate | null;
  /** SHA-256, hex: of the tokenizer, of the template's source. */
  identity: { tokenizer: string; template: string | null };
}

/** @param where for messages @throws FathomError when the template is none */
export function checkpointText(
  where: string,
  { tokenizer, templateSource, specialTokens, identity }: OpenedText,
): CheckpointText {
  return {
    tokenizer,
    template: templateSource === null ? null : chatTemplate(where, templateSource, specialTokens, tokenizer),
    identity: {
      tokenizer: hashJson(identity),
      template: templateSource === null ? null : hashText(templateSource),
    },
  };
}
