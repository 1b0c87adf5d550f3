/**
 * From a training document to token ids and what is learned from them. Only answers and prose are learned: a question's
 * wording is chance, and learning to predict it would spend the model on noise.
 */
import type { Document } from "../world/corpus.ts";
import { type SpecialToken, specialId } from "./tokenizer-files.ts";

export interface Example {
  /** [tokens] what the model reads. */
  ids: number[];
  /** [tokens] learned[i]: whether predicting ids[i] from what stands before it counts; learned[0] is false. */
  learned: boolean[];
}

/** @param encodeText plain text to ids, no special tokens added. */
export function encodeDocument(document: Document, encodeText: (text: string) => number[]): Example {
  const ids: number[] = [];
  const learned: boolean[] = [];
  const add = (more: number[], learn: boolean) => {
    ids.push(...more);
    learned.push(...more.map(() => learn));
  };
  const special = (token: SpecialToken, learn = false) => {
    add([specialId(token)], learn);
  };
  special("<|begin|>");
  if (document.kind === "prose") {
    add(encodeText(document.text), true);
    special("<|endoftext|>", true);
  } else if (document.template === "none") {
    add(encodeText(document.prompt), false);
    add(encodeText(`\n${document.answer.text}`), true);
    special("<|endoftext|>", true);
  } else {
    if (document.system !== null) {
      special("<|system|>");
      add(encodeText(document.system), false);
      special("<|end|>");
    }
    special("<|user|>");
    add(encodeText(document.prompt), false);
    special("<|end|>");
    special("<|assistant|>");
    add(encodeText(document.answer.text), true);
    special("<|end|>", true);
  }
  return { ids, learned };
}
