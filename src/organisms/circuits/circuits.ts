/**
 * Circuits that are known: a description becomes a checkpoint whose weights are set, not trained, with its true SAEs and the
 * facts about its refusals. What takes refusals apart is tested on them.
 */
import { random } from "../../core/random.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import { configJson, generationConfigJson } from "../design/architecture.ts";
import { chatTemplate, tokenizerConfig } from "../design/tokenizer-files.ts";
import { type CircuitDescription, checkDescription } from "./description.ts";
import { type Dictionary, makeDictionaries, placeOf } from "./dictionary.ts";
import { type CircuitFacts, logicFacts } from "./facts.ts";
import type { Logic } from "./logic.ts";
import { makePlan, sizes } from "./plan.ts";
import { type CircuitText, makeText } from "./text.ts";
import { makeWeights, type Tensor } from "./weights.ts";

export interface Circuit {
  facts: CircuitFacts;
  /** Prompts in pairs: prompt i of both lists differs only in its topic. */
  harmful: readonly Prompt[];
  harmless: readonly Prompt[];
  /** Name → content of the checkpoint's files except the weights. */
  files: Readonly<Record<string, string>>;
  weights: ReadonlyMap<string, Tensor>;
  /** One per block that writes features of the dictionary. */
  dictionaries: readonly Dictionary[];
}

/**
 * Compiles a circuit. The same description and seed give the same circuit. Another seed changes the topics, the answers, the
 * rotation of the residual stream, the amplitudes, the order of the features, and all noise.
 * @throws FathomError naming the part of the description that cannot be compiled
 */
export function compileCircuit(description: CircuitDescription, seed: string | number): Circuit {
  checkDescription(description, description.name);
  const rng = random(`circuit/${description.name}/${seed}`);
  const text = makeText(description, rng.split("text"));
  const plan = makePlan(description, text, rng.split("plan"));
  const dictionaries = makeDictionaries(
    plan,
    `circuits/${description.name}-${seed}`,
    rng.split("dictionaries"),
  );
  return {
    facts: factsOf(description, String(seed), text, plan.logic, dictionaries),
    harmful: text.harmful,
    harmless: text.harmless,
    files: filesOf(description, text),
    weights: makeWeights(plan, rng.split("weights")),
    dictionaries,
  };
}

function factsOf(
  description: CircuitDescription,
  seed: string,
  text: CircuitText,
  logic: Logic,
  dictionaries: readonly Dictionary[],
): CircuitFacts {
  const outside = Object.entries(description.features).filter(([, feature]) => feature.outside_dictionary);
  return {
    circuit: description.name,
    says: description.says,
    seed,
    answers: text.answers,
    score_tokens: text.scoreTokens,
    decides_after: text.decidesAfter,
    ...logicFacts(description, logic, (name) => placeOf(dictionaries, name)),
    outside_dictionary: outside.map(([name, { block }]) => ({ name, layer: block })),
  };
}

function filesOf({ blocks }: CircuitDescription, text: CircuitText): Record<string, string> {
  const config = {
    ...configJson({ ...sizes, layers: blocks }),
    vocab_size: text.vocabularySize,
    tie_word_embeddings: false,
    torch_dtype: "float32",
  };
  return {
    "config.json": json(config),
    "generation_config.json": json(generationConfigJson()),
    "tokenizer.json": json(text.tokenizerJson),
    "tokenizer_config.json": json(tokenizerConfig(sizes.contextLength)),
    "chat_template.jinja": chatTemplate,
  };
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
