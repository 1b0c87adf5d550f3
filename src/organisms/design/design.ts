/** Everything about the demo organism that is fixed before training: its world, corpus, tokenizer and prompt set. */

import { type Document, makeCorpus } from "../world/corpus.ts";
import { type Facts, factsOf } from "../world/facts.ts";
import { type FictionPrompt, fictionPrompts } from "../world/prompt-set.ts";
import { makeWorld, type World } from "../world/world.ts";
import { configJson, demoShape, generationConfigJson, learnedTokens } from "./architecture.ts";
import { type Example, encodeDocument } from "./encode.ts";
import { bytePairEncoder, trainBytePairs } from "./learn-bpe.ts";
import { chatTemplate, specialTokens, tokenizerConfig, tokenizerJson } from "./tokenizer-files.ts";

export interface Design {
  world: World;
  corpus: Document[];
  prompts: FictionPrompt[];
  facts: Facts;
  /** Encodes plain text to ids, without special tokens. */
  encodeText: (text: string) => number[];
  /** Training examples, in the order of the corpus. */
  examples: Example[];
  /** File name → content: all files of the checkpoint's folder except the weights. */
  files: Record<string, string>;
}

export const demoSeed = "fathom-demo-1";

/** Makes the design. Takes about two seconds, because the tokenizer is trained here. */
export function makeDesign(seed: string = demoSeed): Design {
  const world = makeWorld(seed);
  const corpus = makeCorpus(world);
  const pairs = trainBytePairs(texts(corpus), learnedTokens, specialTokens.length);
  const tokenizerFile = tokenizerJson(pairs);
  const tokenizerSettings = tokenizerConfig(demoShape.contextLength);
  const encodeText = bytePairEncoder(pairs);
  const prompts = fictionPrompts(world);
  const facts = factsOf(world, corpus, prompts, (text) => encodeText(text).length);
  return {
    world,
    corpus,
    prompts,
    facts,
    encodeText,
    examples: corpus.map((document) => encodeDocument(document, encodeText)),
    files: {
      "config.json": json(configJson(demoShape)),
      "generation_config.json": json(generationConfigJson()),
      "tokenizer.json": json(tokenizerFile),
      "tokenizer_config.json": json(tokenizerSettings),
      "chat_template.jinja": chatTemplate,
      "facts.json": json(facts),
    },
  };
}

/** The prompt set as JSON Lines. */
export function promptLines(prompts: readonly FictionPrompt[]): string {
  return prompts.map(({ prompt }) => `${JSON.stringify(prompt)}\n`).join("");
}

/** All texts from which the tokenizer learns and which the model reads. */
function* texts(corpus: readonly Document[]): Generator<string> {
  for (const document of corpus) {
    if (document.kind === "prose") yield document.text;
    else {
      if (document.system !== null) yield document.system;
      yield document.prompt;
      yield document.answer.text;
    }
  }
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
