/** Opens everything that an anatomy needs before the model's first token: model, SAEs, prompts, manifest. It writes nothing. */
import { basename } from "node:path";
import { badInput } from "../../core/errors.ts";
import { hashText } from "../../core/hash.ts";
import type { TokenRole } from "../../core/records/anatomy/features.ts";
import { type Message, splits } from "../../core/records/prompt.ts";
import { jsonLines } from "../../files/lines/json-lines.ts";
import { judgeVersion } from "../../judges/version.ts";
import { type Checkpoint, endsOf, notesOf, textOf } from "../../model/checkpoint/checkpoint.ts";
import type { Input } from "../../prompts/inputs.ts";
import type { PromptSet } from "../../prompts/load.ts";
import { loadMatchedPairs, type MatchedPairs } from "../../prompts/matched-pairs.ts";
import type { Sae } from "../../sae/code/sae.ts";
import { openSae } from "../../sae/formats/open-sae.ts";
import { encodeEach } from "../inputs/encode-inputs.ts";
import { adapterIdentity, modelIdentity, type SaeIdentity, saeIdentities } from "../inputs/identities.ts";
import { locateSae } from "../inputs/locate.ts";
import { openNamed } from "../inputs/open-named.ts";
import { environmentOf } from "../job/environment.ts";
import type { Tell } from "../job/job-events.ts";
import type { AskedPrompt } from "./answers/clean-answers.ts";
import { promptsName } from "./begin.ts";
import { type AnatomyManifest, manifestKind } from "./manifest.ts";
import type { AnatomyPlan } from "./plan/plan.ts";
import { rolesOf } from "./reading/roles.ts";

export interface PreparedAnatomy {
  plan: AnatomyPlan;
  checkpoint: Checkpoint;
  saes: Sae[];
  /** Both sides, pair by pair, the harmful prompt first. */
  prompts: AskedPrompt[];
  manifest: AnatomyManifest;
  /** Text of prompts.jsonl. */
  promptLines: string;
}

/** @throws FathomError for a plan that cannot be carried out with this checkpoint, these SAEs and these prompts */
export async function prepareAnatomy(
  plan: AnatomyPlan,
  threads: number | null,
  tell: Tell,
): Promise<PreparedAnatomy> {
  requireCheckpoint(plan.model);
  // First, because fetching a model may take an hour.
  const matched = await loadMatchedPairs(plan.harmful, plan.harmless, plan.seed);
  tell({ kind: "working", what: "reading the model's files" });
  const { checkpoint, origins } = await openNamed(plan, tell);
  const located = [];
  for (const { path } of plan.saes) located.push(await locateSae(path, tell));
  const saes = located.map(({ path }, i) => openSae(path, undefined, plan.saes[i]!.k ?? undefined));
  const named = located.map(({ origin }, i) => ({ path: plan.saes[i]!.path, origin }));
  const read = saeIdentities(saes, checkpoint, named, { layer: undefined, allowFailed: false });
  saes.forEach((sae, i) => {
    requireRoom(sae, read[i]!);
  });
  requirePlaces(plan, checkpoint);
  const prompts = promptsOf(plan, matched, checkpoint);
  const promptLines = jsonLines(
    prompts.map(({ id, side, split, cluster, prompt }) => ({ id, side, split, cluster, prompt })),
  );
  const { tokenizer, identity } = textOf(checkpoint);
  const {
    adapter: _,
    model: __,
    saes: ___,
    harmful: ____,
    harmless: _____,
    batch_size: ______,
    ...choices
  } = plan;
  const sideOf = ({ name, sha256, notes }: PromptSet) => ({ name: basename(name), sha256, notes });
  return {
    ...{ plan, checkpoint, saes, prompts, promptLines },
    manifest: {
      ...manifestKind,
      inputs: {
        model: modelIdentity(checkpoint),
        adapter: adapterIdentity(checkpoint),
        tokenizer: { sha256: identity.tokenizer },
        template: identity.template === null ? null : { sha256: identity.template },
        end_tokens: endsOf(checkpoint).map((id) => ({ id, token: tokenizer.tokenOf(id) })),
        harmful: sideOf(matched.harmful),
        harmless: sideOf(matched.harmless),
        pairs: Object.fromEntries(
          splits.map((part) => [part, matched.pairs.filter(({ split }) => split === part).length]),
        ) as AnatomyManifest["inputs"]["pairs"],
        split_by: matched.splitBy,
        saes: read,
        plan: choices,
        judge: judgeVersion,
      },
      files: { [promptsName]: hashText(promptLines) },
      notes: [...notesOf(checkpoint, "greedy")],
      origins: { ...origins, sae: located.map(({ origin }) => origin) },
      environment: environmentOf(threads),
    },
  };
}

/** @throws FathomError for an address: behind it are answers, and none of the numbers that an anatomy edits */
function requireCheckpoint(model: string): void {
  if (/^https?:\/\//i.test(model))
    throw badInput(
      "--model",
      "a checkpoint, whose residual stream can be edited",
      "the address of an endpoint",
      "the checkpoint's folder or .gguf file; audit --endpoint asks an endpoint",
    );
}

/** @throws FathomError for a TopK SAE that always has every feature active: there no feature can be silent, or wake */
function requireRoom({ path, k, d_sae }: Sae, { name }: SaeIdentity): void {
  if (k === null || k < d_sae) return;
  throw badInput(
    path,
    `a TopK SAE with more features than the ${k} that are active at every token`,
    `${name} with ${d_sae} features`,
    "an SAE in which a feature can be silent",
  );
}

/** @throws FathomError for a layer or a score token that the model does not have */
function requirePlaces({ layers, score_tokens }: AnatomyPlan, { config }: Checkpoint): void {
  const depth = config.layers.length;
  for (const layer of layers ?? [])
    if (layer >= depth)
      throw badInput("--layers", `blocks from -1 (the embedding) to ${depth - 1}`, String(layer));
  for (const id of score_tokens ?? [])
    if (id >= config.vocabSize)
      throw badInput("--score-tokens", `token ids below ${config.vocabSize}`, String(id));
}

/**
 * How the model is asked: a conversation through its chat template, or bare text where it has none.
 * @returns the tokens of a user's text, up to where the answer begins
 */
export function conversation(plan: AnatomyPlan, checkpoint: Checkpoint): (text: string) => number[] {
  const { sizes, system, template_vars: variables, date: day } = plan;
  const options = { chat: false, room: sizes.answer_tokens, template: { variables, day } };
  return (text) => encodeEach([inputOf(text, system, checkpoint)], "prompts", checkpoint, options)[0]!.ids;
}

function inputOf(text: string, system: string | null, checkpoint: Checkpoint): Input {
  const id = text.slice(0, 40);
  if (textOf(checkpoint).template === null) return { kind: "prompt", id, prompt: text };
  const before: Message[] = system === null ? [] : [{ role: "system", content: system }];
  return { kind: "messages", id, messages: [...before, { role: "user", content: text }] };
}

/** @returns the role of each token of a prompt */
export function rolesIn(plan: AnatomyPlan, checkpoint: Checkpoint): (ids: readonly number[]) => TokenRole[] {
  const own = conversation(plan, checkpoint);
  const { template, tokenizer } = textOf(checkpoint);
  const encode = (text: string, system?: string) =>
    system === undefined || template === null
      ? own(text)
      : conversation({ ...plan, system }, checkpoint)(text);
  return rolesOf(encode, tokenizer.bos);
}

/** @throws FathomError for a prompt that the model cannot read, and for what only a chat template can take */
function promptsOf(plan: AnatomyPlan, { pairs }: MatchedPairs, checkpoint: Checkpoint): AskedPrompt[] {
  if (plan.system !== null && textOf(checkpoint).template === null)
    throw badInput("--system", "a checkpoint with a chat template", "one without", "no --system");
  const encode = conversation(plan, checkpoint);
  return pairs.flatMap(({ name, split, harmful, harmless }) =>
    (["harmful", "harmless"] as const).map((side) => {
      const { id, prompt } = side === "harmful" ? harmful : harmless;
      return { id, prompt, side, split, cluster: name, ids: encode(prompt) };
    }),
  );
}
