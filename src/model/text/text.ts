/** The text side of a checkpoint: its tokenizer, and its chat template where it has one. */
import { hashJson, hashText, type Json } from "../../core/hash.ts";
import { cutMarks } from "./cut-marks.ts";
import { type ChatTemplate, chatTemplate } from "./template.ts";
import type { EncodingTokenizer } from "./tokenizer/tokenizer.ts";

/** The text side as the files of a checkpoint have it. */
export interface OpenedText {
  tokenizer: EncodingTokenizer;
  /** Jinja source; null when the checkpoint has none. */
  templateSource: string | null;
  /** For messages: the folder or the file that the template is in. */
  templateFrom: string;
  /** Special tokens by role, e.g. bos_token: what a template may write. */
  specialTokens: Readonly<Record<string, string>>;
  /** As `Checkpoint.notes`. */
  notes: readonly string[];
  /** What the tokenizer's identity depends on. */
  identity: Json;
}

export interface CheckpointText {
  tokenizer: EncodingTokenizer;
  /** null when the checkpoint has none; only a chat prompt needs it. */
  template: ChatTemplate | null;
  /** As `Checkpoint.notes`. */
  notes: readonly string[];
  /** SHA-256, hex: of the tokenizer, of the template's source. */
  identity: { tokenizer: string; template: string | null };
}

/** @throws FathomError when the template is none */
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
