/** Makes everything that a run needs before the first token: prompts, units, manifest. It writes nothing. */
import { basename } from "node:path";
import { ofKind } from "../../core/asked/variants.ts";
import { badInput } from "../../core/errors.ts";
import { hashText } from "../../core/hash.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import { jsonLines } from "../../files/lines/json-lines.ts";
import { refusalOpeners } from "../../judges/refusal-openers.ts";
import { answersAt, type Checkpoint, endsOf, notesOf, textOf } from "../../model/checkpoint/checkpoint.ts";
import { roundingRecipes } from "../../model/checkpoint/precision.ts";
import type { ThinkingOptions } from "../../model/engine/decoding/thought.ts";
import { multipliesInt8 } from "../../model/ort/int8-products.ts";
import { thinkingOf } from "../../model/text/thinking.ts";
import { requireUnseen } from "../../sae/code/fingerprint.ts";
import type { Sae } from "../../sae/code/sae.ts";
import { adapterIdentity, modelIdentity, saeIdentities } from "../inputs/identities.ts";
import { variantsOf } from "../inputs/variants.ts";
import { environmentOf } from "../job/environment.ts";
import type { Unit } from "./answers/asker.ts";
import { type Manifest, promptsName, runFormat } from "./manifest.ts";
import { type AskingPlan, type AuditPlan, pathOfSae } from "./plan.ts";
import { choicesOf, promptsOf, requireGrid } from "./prepared-parts.ts";
import { conditionsOf, expandUnits, renderedOf } from "./units.ts";

/** What a run needs, whoever answers. */
export interface PreparedRun {
  plan: AuditPlan;
  prompts: Prompt[];
  units: Unit[];
  /** Blocks whose resid_post is kept, in rising order. */
  layers: number[];
  /** Ids of the refusal score's tokens. */
  watch: number[];
  /** How thoughts are told from answers; null for a checkpoint that cannot think. */
  thinking: ThinkingOptions | null;
  manifest: Manifest;
}

/** What a run needs that asks a model. */
export interface Prepared extends PreparedRun {
  plan: AskingPlan;
}

/** @throws FathomError for a plan that cannot be carried out with this checkpoint and these SAEs */
export async function prepare(
  plan: AskingPlan,
  checkpoint: Checkpoint,
  saes: readonly Sae[],
  threads: number | null,
  origins: NonNullable<Manifest["origins"]>,
  calibration: Manifest["calibration"],
): Promise<Prepared> {
  const { set, prompts } = await promptsOf(plan);
  for (const sae of saes) requireUnseen(sae, prompts);
  const { tokenizer, template, identity: text } = textOf(checkpoint);
  const named = plan.sae.map((one, i) => ({ path: pathOfSae(one), origin: origins.sae[i] ?? null }));
  const read = saeIdentities(saes, checkpoint, named, {
    layer: plan.layer ?? undefined,
    allowFailed: plan.allow_failed,
  });
  const layers = read.length === 0 ? [layerWithout(plan, checkpoint)] : risingOnce(read);
  const opening = refusalTokens(checkpoint);
  const watch = opening.map(({ id }) => id);
  const marks = thinkingOf(tokenizer, template);
  const thinking = marks === null ? null : { ids: marks.ids, blank: marks.blank, cap: plan.reasoning_cap };
  const plain = conditionsOf(plan).find(({ template }) => template === "chat");
  const asked = variantsOf(plan, plain, checkpoint, thinking !== null);
  const variants = asked.map(({ variant }) => variant);
  const units = expandUnits(plan, prompts, checkpoint, layers, watch, thinking, asked);
  requireGrid(prompts, units, variants);
  const { fidelity, fidelity_bound } = plan;
  return {
    plan,
    prompts,
    units,
    layers,
    watch,
    thinking,
    manifest: {
      format: runFormat,
      inputs: {
        model: modelIdentity(checkpoint),
        adapter: adapterIdentity(checkpoint),
        endpoint: null,
        answers: null,
        tokenizer: { sha256: text.tokenizer },
        template: text.template === null ? null : { sha256: text.template },
        end_tokens: endsOf(checkpoint).map((id) => ({ id, token: tokenizer.tokenOf(id) })),
        prompts: { name: basename(set.name), sha256: set.sha256, n: prompts.length, notes: set.notes },
        saes: read,
        plan: choicesOf(plan),
        prefills: ofKind("prefill", variants).map(({ kind: _, ...prefill }) => prefill),
        reasoning:
          marks === null
            ? null
            : { marks: marks.marks.map(({ open, close }) => ({ open, close })), cap: plan.reasoning_cap },
        fidelity_bound: fidelity ? fidelity_bound : null,
        rounding: plan.precision === "fp32" ? null : roundingRecipes[plan.precision],
        int8_products: plan.precision === "int8" ? await multipliesInt8() : null,
        layers,
        refusal_tokens: opening.map(({ token }) => token),
        observations: units.length,
      },
      files: { [promptsName]: hashText(jsonLines(prompts)) },
      origins,
      fidelity: null,
      calibration,
      anatomy: null,
      kl_to: null,
      notes: [...notesOf(checkpoint, answersAt(plan.temperature))],
      judges: [],
      replies: null,
      gate_overrides: [],
      rendered: renderedOf(plan, prompts, units, checkpoint),
      environment: environmentOf(threads),
    },
  };
}

const risingOnce = (read: readonly { layer: number }[]): number[] =>
  [...new Set(read.map(({ layer }) => layer))].sort((a, b) => a - b);

function layerWithout(plan: AuditPlan, { config }: Checkpoint): number {
  const layers = config.layers.length;
  // The published audit reads at half the depth (arXiv 2605.30162).
  const layer = plan.layer ?? Math.floor(layers / 2);
  if (layer >= layers) throw badInput("layer", `a block from 0 to ${layers - 1}`, String(layer));
  return layer;
}

/** Tokens that a refusal begins with: those openers that the vocabulary holds as one token. */
function refusalTokens(checkpoint: Checkpoint): { id: number; token: string }[] {
  const { tokenizer } = textOf(checkpoint);
  const ids = new Set<number>();
  for (const opener of refusalOpeners) {
    const encoded = tokenizer.encode(opener, { addSpecial: false });
    // A token without an embedding has no logit either.
    if (encoded.length === 1 && encoded[0]! < checkpoint.config.vocabSize) ids.add(encoded[0]!);
  }
  return [...ids].sort((a, b) => a - b).map((id) => ({ id, token: tokenizer.tokenOf(id) ?? String(id) }));
}
