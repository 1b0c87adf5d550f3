/** The text side of a checkpoint: its tokenizer, and its chat template if it has one. */
import { hashJson, hashText, type Json } from "../../core/hash.ts";
import { cutMarks } from "./cut-marks.ts";
import { type ChatTemplate, chatTemplate } from "./template.ts";
import type { EncodingTokenizer } from "./tokenizer/tokenizer.ts";

/** The text side of a checkpoint's files. */
export interface OpenedText {
  tokenizer: EncodingTokenizer;
  /** Jinja source; null when the checkpoint has none. */
  templateSource: string | null;
  /** The folder or file that contains the template, for messages. */
  templateFrom: string;
  /** Role, e.g. bos_token → special token; variables of the template. */
  specialTokens: Readonly<Record<string, string>>;
  /** The same as `Checkpoint.notes`. */
  notes: readonly string[];
  /** Everything that the tokenizer's identity depends on. */
  identity: Json;
}

export interface CheckpointText {
  tokenizer: EncodingTokenizer;
  /** null when the checkpoint has none. Only a chat prompt needs it. */
  template: ChatTemplate | null;
  /** The same as `Checkpoint.notes`. */
  notes: readonly string[];
  /** SHA-256, hex, of the tokenizer and of the template's source. */
  identity: { tokenizer: string; template: string | null };
}

/** @throws FathomError when the template's source is not a Jinja template */
export function checkpointText({
  tokenizer,
  templateSource,
  templateFrom,
  specialTokens,
  notes,
  identity,
}: OpenedText): CheckpointText {
  const template =
    templateSource === null ? null : chatTemplate(templateFrom, templateSource, specialTokens, tokenizer);
  return {
    tokenizer,
    template,
    notes: [...notes, ...(template === null ? [] : cutMarks(template, tokenizer))],
    identity: {
      tokenizer: hashJson(identity),
      template: templateSource === null ? null : hashText(templateSource),
    },
  };
}
