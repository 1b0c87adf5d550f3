/**
 * Fits an adapter to its base model. It checks that every selected module has factors of the right shapes and that every
 * tensor of the adapter is used. The resulting configuration says which branches to compute.
 */
import { badInput } from "../../../core/errors.ts";
import {
  blockPrefix,
  embeddingName,
  separateHeadName as headWeight,
} from "../../architecture/block-graphs.ts";
import type { LowRank, ModelConfig } from "../../architecture/settings/config-types.ts";
import { expectedShapes } from "../../architecture/weight-shapes.ts";
import type { Factors } from "./adapter-tensors.ts";
import { resized } from "./adapter-text.ts";
import type { Adapter } from "./open-adapter.ts";
import type { Overlay, Source } from "./overlay.ts";
import { savedBy, selectedModules } from "./targets.ts";

type Shapes = ReadonlyMap<string, readonly number[]>;

const head = "lm_head";

/**
 * @param config the base's configuration
 * @returns the base's configuration with the adapter's branches, and the adapter's changes to the base's tensors
 * @throws FathomError when the adapter is for another model, or when a part of it is missing
 */
export function fitAdapter(adapter: Adapter, config: ModelConfig): { config: ModelConfig; overlay: Overlay } {
  const shapes = new Map([[headWeight, [config.vocabSize, config.hiddenSize]], ...expectedShapes(config)]);
  const branches = branchesOf(adapter, config, shapes);
  const whole = wholeTensors(adapter, shapes, config.vocabSize);
  const sources = new Map<string, Source>(whole.map(({ target, name }) => [target, { of: "adapter", name }]));
  const { linear, embedding } = adapter.tensors;
  for (const [module, { A, B, bias }] of linear) {
    sources.set(`${module}.lora_A.weight`, { of: "adapter", name: A! });
    sources.set(`${module}.lora_B.weight`, { of: "adapter", name: B! });
    if (bias !== undefined) sources.set(`${module}.lora_B.bias`, { of: "adapter", name: bias });
  }
  const embeddings = new Map(
    [...embedding].map(([module, { A, B }]) => {
      const { scale } = branches.get(module)!;
      return [`${module}.weight`, { A: A!, B: B!, scale }];
    }),
  );
  const tiedHead = config.tiedHead && staysTied(sources, whole, embeddings);
  return {
    config: { ...withBranches(config, branches), tiedHead },
    overlay: { file: adapter.file, sources, embeddings },
  };
}

/**
 * Decides whether head and embedding stay tied. If the adapter trained a copy of one, or gives the embedding a branch,
 * the two are separate, and the other one keeps the matrix that they shared. A tensor that was only stored with the
 * adapter is still shared. If both were stored, the head's counts, because it is the last to be loaded.
 * @param sources receives the sources of head and embedding
 */
function staysTied(
  sources: Map<string, Source>,
  whole: readonly Whole[],
  embeddings: Overlay["embeddings"],
): boolean {
  const stored = [headWeight, embeddingName]
    .map((target) => whole.find((one) => one.target === target && !one.saved))
    .find((one) => one !== undefined);
  const shared: Source =
    stored === undefined ? { of: "base", name: embeddingName } : { of: "adapter", name: stored.name };
  const isTrained = (target: string) => whole.some((one) => one.target === target && one.saved);
  if (!isTrained(embeddingName)) sources.set(embeddingName, shared);
  if (!isTrained(headWeight)) sources.set(headWeight, shared);
  return !isTrained(embeddingName) && !isTrained(headWeight) && !embeddings.has(embeddingName);
}

/** Module → its LoRA branch, for every module that the adapter selects. */
function branchesOf(adapter: Adapter, config: ModelConfig, shapes: Shapes): Map<string, LowRank> {
  const modules = [...shapes]
    .filter(([name, shape]) => shape.length === 2 && name.endsWith(".weight"))
    .map(([name]) => name.slice(0, -".weight".length));
  const inBlocks = (module: string) => config.layers.some((_, i) => module.startsWith(blockPrefix(i)));
  const { linear, embedding, theirName } = adapter.tensors;
  // The configuration's patterns match the names of the model that the adapter was made for.
  const own = new Map(modules.map((module) => [theirName(module), module]));
  const chosen = selectedModules(adapter.config, [...own.keys()], (name) => inBlocks(own.get(name)!));
  const selected = new Map([...chosen].map(([name, branch]) => [own.get(name)!, branch]));
  const isEmbedding = (module: string) => `${module}.weight` === embeddingName;
  for (const [kind, factors] of [
    ["linear layer", linear],
    ["embedding", embedding],
  ] as const)
    for (const module of factors.keys()) {
      const known = shapes.has(`${module}.weight`) && (kind === "embedding") === isEmbedding(module);
      if (!known) throw notOfThisModel(adapter, module, `a ${kind} of this model`, "no such module");
      if (!selected.has(module))
        throw badInput(
          `${adapter.file} "${module}"`,
          "factors of modules that adapter_config.json selects",
          "one that it does not",
        );
    }
  for (const [module, branch] of selected) {
    const [out, width] = shapes.get(`${module}.weight`) as [number, number];
    const factors = (isEmbedding(module) ? embedding : linear).get(module) ?? {};
    const ofVocabulary = isEmbedding(module) || module === head ? config.vocabSize : null;
    const sizes = isEmbedding(module) ? ([width, out] as const) : ([out, width] as const);
    requireFactors(adapter, module, factors, branch, sizes, ofVocabulary);
  }
  for (const module of selected.keys())
    if (!inBlocks(module) && module !== head && !isEmbedding(module))
      throw badInput(
        `${adapter.file} "${module}"`,
        "factors in the blocks, at the head or at the embedding",
        "elsewhere",
      );
  if (selected.size === 0 && adapter.config.saved.length === 0)
    throw notOfThisModel(adapter, "target_modules", "modules of this model", "none of them");
  return selected;
}

/** Requires A [rank, width] and B [out, rank], and a bias [out] exactly when the configuration has "lora_bias". */
function requireFactors(
  adapter: Adapter,
  module: string,
  { A, B, bias }: Factors,
  { rank, ...branch }: LowRank,
  [out, width]: readonly [number, number],
  vocabSize: number | null,
): void {
  requireShape(adapter, `${module}.lora_A`, A, [rank, width], vocabSize);
  requireShape(adapter, `${module}.lora_B`, B, [out, rank], vocabSize);
  if (branch.bias) requireShape(adapter, `${module}.lora_B.bias`, bias, [out]);
  else if (bias !== undefined)
    throw badInput(`${adapter.file} "${bias}"`, 'a "lora_bias" of true beside it', "false");
}

/** The tensor's size on the vocabulary axis when it differs from the model's only there; null otherwise. */
function resizedRows(
  shape: readonly number[],
  expected: readonly number[],
  vocabSize: number,
): number | null {
  const at = expected.indexOf(vocabSize);
  const isElsewhereSame =
    shape.length === expected.length && expected.every((n, i) => i === at || n === shape[i]);
  return at >= 0 && isElsewhereSame && shape[at] !== vocabSize ? shape[at]! : null;
}

function requireShape(
  adapter: Adapter,
  what: string,
  name: string | undefined,
  expected: readonly number[],
  vocabSize: number | null = null,
): void {
  if (name === undefined)
    throw badInput(adapter.file, `"${what}", of a module that adapter_config.json selects`, "no such tensor");
  const { shape } = adapter.entries.get(name)!;
  const rows = vocabSize === null ? null : resizedRows(shape, expected, vocabSize);
  if (rows !== null) throw resized(`${adapter.path} "${name}"`, vocabSize!, `${rows} rows`);
  if (shape.join() !== expected.join())
    throw notOfThisModel(adapter, name, `the shape [${expected.join(", ")}]`, `[${shape.join(", ")}]`);
}

interface Whole {
  /** The tensor's name in the base. */
  target: string;
  /** Its name in the adapter's file. */
  name: string;
  /** Whether "modules_to_save" lists its module, which was then trained as a copy. */
  saved: boolean;
}

/** Tensors that replace the base's, each for a reason that adapter_config.json gives. */
function wholeTensors(adapter: Adapter, shapes: Shapes, vocabSize: number): Whole[] {
  const { config, tensors, file } = adapter;
  const modules = new Map([...shapes.keys()].map((name) => [name, name.replace(/\.(weight|bias)$/, "")]));
  for (const entry of config.saved)
    if (![...modules.values()].some((module) => savedBy({ ...config, saved: [entry] }, module) !== null))
      throw notOfThisModel(adapter, `modules_to_save "${entry}"`, "a module of this model", "no such module");
  for (const [target, module] of modules) {
    const entry = savedBy(config, module);
    if (entry !== null && !tensors.whole.has(target))
      throw badInput(file, `"${target}", as modules_to_save names "${entry}"`, "no such tensor");
  }
  return [...tensors.whole].map(([target, name]) => {
    const module = modules.get(target);
    if (module === undefined) throw notOfThisModel(adapter, name, "a tensor of this model", "no such tensor");
    const saved = savedBy(config, module) !== null;
    const isBias = target.endsWith(".bias") && config.biases !== "none";
    const isEmbedding = target === embeddingName || target === headWeight;
    if (!saved && !isBias && !isEmbedding)
      throw badInput(`${file} "${name}"`, "a tensor that adapter_config.json says was trained", "this one");
    requireShape(adapter, name, name, shapes.get(target)!, isEmbedding ? vocabSize : null);
    return { target, name, saved };
  });
}

function withBranches(config: ModelConfig, branches: ReadonlyMap<string, LowRank>): ModelConfig {
  const headBranch = branches.get(head);
  return {
    ...config,
    layers: config.layers.map((layer, i) => {
      const prefix = blockPrefix(i);
      const own = [...branches].filter(([module]) => module.startsWith(prefix));
      if (own.length === 0) return layer;
      return {
        ...layer,
        lowRank: Object.fromEntries(own.map(([module, b]) => [module.slice(prefix.length), b])),
      };
    }),
    ...(headBranch === undefined ? {} : { headLowRank: headBranch }),
  };
}

function notOfThisModel(adapter: Adapter, what: string, expected: string, found: string): Error {
  const { base } = adapter.config;
  const hint =
    base === null ? "the model it was trained on" : `the model it was trained on, ${JSON.stringify(base)}`;
  return badInput(`${adapter.path} "${what}"`, expected, found, hint);
}
