/** Opens a GGUF file as a checkpoint. Everything is in one file, or in the files of a split model. */
import { basename } from "node:path";
import { badInput } from "../../../core/errors.ts";
import type { Json } from "../../../core/hash.ts";
import { checkWeights } from "../../architecture/weight-shapes.ts";
import { buildTokenizer } from "../../text/tokenizer/tokenizer-json.ts";
import { unfollowedInGguf } from "../opened/generation-settings.ts";
import type { Opened } from "../opened/opened.ts";
import { ggufEndTokens } from "./end-tokens.ts";
import { ggufConfig } from "./gguf-config.ts";
import { readRopeTensors } from "./gguf-rope.ts";
import { ggufTokenizerFiles } from "./gguf-tokenizer.ts";
import { openGgufWeights } from "./gguf-weights.ts";
import type { GgufHeader } from "./header.ts";
import { readGgufHeader } from "./split.ts";

/** @throws FathomError naming the key or the tensor that is missing, broken or unsupported */
export function openGguf(path: string): Opened {
  const header = readGgufHeader(path);
  const parsed = ggufConfig(header, readRopeTensors(header));
  const weights = openGgufWeights(header, parsed.layers[0]!.headDim);
  const { config, notes } = checkWeights(path, parsed, weights);
  return {
    config,
    weights,
    text: () => {
      const files = ggufTokenizerFiles(header);
      return {
        tokenizer: buildTokenizer(files),
        templateSource: templateOf(header),
        templateFrom: header.path,
        notes: [],
        specialTokens: files.specialTokens,
        identity: tokenizerIdentity(header),
      };
    },
    answering: () => ({
      ...ggufEndTokens(header, config.vocabSize),
      unfollowed: unfollowedInGguf(basename(path), header.metadata),
    }),
    notes,
    weightFiles: [...new Set([path, ...header.tensors.map(({ file }) => file)])],
    identity: {},
  };
}

/** The tokenizer's metadata, which is much smaller than the tokenizer made from it. The template has its own identity. */
function tokenizerIdentity({ metadata }: GgufHeader): Json {
  const own = [...metadata].filter(
    ([key]) => key === "general.architecture" || key.startsWith("tokenizer.ggml."),
  );
  return Object.fromEntries(own) as Json;
}

function templateOf({ path, metadata }: GgufHeader): string | null {
  const source = metadata.get("tokenizer.chat_template") ?? null;
  if (source !== null && typeof source !== "string")
    throw badInput(`${path} "tokenizer.chat_template"`, "a text", typeof source);
  return source;
}
