/** From a plan to everything a run needs before the first token: prompts, units, manifest. Nothing is written here. */
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { badInput } from "../core/errors.ts";
import type { Prompt } from "../core/prompt.ts";
import { refusalOpeners } from "../judges/refusal-openers.ts";
import { judgeVersion } from "../judges/version.ts";
import type { Checkpoint } from "../model/checkpoint.ts";
import { roundingRecipe } from "../model/quantized/weights.ts";
import { loadPrompts } from "../prompts/load.ts";
import { requireUnseen } from "../sae/domain/fingerprint.ts";
import { requireFits } from "../sae/gate.ts";
import type { Sae } from "../sae/sae.ts";
import { requireDefined } from "./categories.ts";
import { type Manifest, originName, runFormat } from "./manifest.ts";
import type { AuditPlan } from "./plan.ts";
import { choosePrompts, expandUnits, type Unit } from "./units.ts";
import { fathomVersion } from "./version.ts";

export interface Prepared {
  plan: AuditPlan;
  prompts: Prompt[];
  units: Unit[];
  layer: number;
  /** Ids of the refusal score's tokens. */
  watch: number[];
  manifest: Manifest;
}

/** @throws FathomError for whatever in the plan cannot be done with this checkpoint and SAE */
export async function prepare(
  plan: AuditPlan,
  checkpoint: Checkpoint,
  sae: Sae | null,
  threads: number | null,
  origins: NonNullable<Manifest["origins"]>,
): Promise<Prepared> {
  const set = await loadPrompts(plan.prompts);
  const prompts = choosePrompts(set.prompts, plan, set.name);
  requireDefined(plan.categories, prompts, set.name);
  if (sae !== null) requireUnseen(sae, prompts);
  const { config, identity, adapter } = checkpoint;
  const layer = chooseLayer(plan, checkpoint, sae);
  const opening = refusalTokens(checkpoint);
  const watch = opening.map(({ id }) => id);
  const units = expandUnits(plan, prompts, checkpoint, layer, watch);
  const {
    model: _model,
    adapter: _adapter,
    prompts: _prompts,
    sae: _sae,
    show_text: _show,
    fidelity,
    fidelity_bound,
    ...choices
  } = plan;
  return {
    plan,
    prompts,
    units,
    layer,
    watch,
    manifest: {
      format: runFormat,
      inputs: {
        model: {
          name: checkpoint.name,
          architecture: config.architecture,
          layers: config.layers.length,
          d_model: config.hiddenSize,
          sha256: identity.model,
        },
        adapter:
          adapter === null ? null : { name: adapter.name, made_for: adapter.base, sha256: adapter.sha256 },
        tokenizer: { sha256: identity.tokenizer },
        template: identity.template === null ? null : { sha256: identity.template },
        prompts: { name: set.name, sha256: set.sha256, n: prompts.length, notes: set.notes },
        sae:
          sae === null
            ? null
            : {
                name: origins.sae === null ? basename(sae.path) : originName(origins.sae),
                sha256: sae.identity(),
                d_sae: sae.d_sae,
                kind: sae.kind,
                hook: sae.site?.hookName ?? "not stated in its file",
              },
        plan: choices,
        fidelity_bound: fidelity ? fidelity_bound : null,
        rounding: plan.precision === "fp32" ? null : roundingRecipe,
        layer,
        refusal_tokens: opening.map(({ token }) => token),
        judge: judgeVersion,
        observations: units.length,
      },
      origins,
      fidelity: null,
      gate_overrides: [],
      environment: {
        fathom: fathomVersion(),
        node: process.versions.node,
        onnxruntime: (createRequire(import.meta.url)("onnxruntime-node/package.json") as { version: string })
          .version,
        platform: `${process.platform}-${process.arch}`,
        threads: threads ?? availableParallelism(),
        created: new Date().toISOString(),
      },
    },
  };
}

function chooseLayer(plan: AuditPlan, { name, config }: Checkpoint, sae: Sae | null): number {
  const { hiddenSize } = config;
  const layers = config.layers.length;
  if (sae !== null)
    return requireFits(sae, { name, layers, hiddenSize }, plan.layer ?? undefined, plan.allow_failed);
  // Half the depth is where the published audit reads (arXiv 2605.30162).
  const layer = plan.layer ?? Math.floor(layers / 2);
  if (layer >= layers) throw badInput("layer", `a block from 0 to ${layers - 1}`, String(layer));
  return layer;
}

/** Tokens that a refusal begins with: those openers that the vocabulary holds as one token. */
function refusalTokens({ tokenizer }: Checkpoint): { id: number; token: string }[] {
  const ids = new Set<number>();
  for (const opener of refusalOpeners) {
    const encoded = tokenizer.encode(opener, { addSpecial: false });
    if (encoded.length === 1) ids.add(encoded[0]!);
  }
  return [...ids].sort((a, b) => a - b).map((id) => ({ id, token: tokenizer.tokenOf(id) ?? String(id) }));
}
