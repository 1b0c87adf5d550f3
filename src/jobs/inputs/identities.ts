/** How a manifest names a checkpoint, its adapter and the SAEs on it: enough to tell whether two runs used the same ones. */
import { basename } from "node:path";
import { z } from "zod";
import { badInput } from "../../core/errors.ts";
import { nameOf } from "../../core/names.ts";
import type { Checkpoint } from "../../model/checkpoint/checkpoint.ts";
import type { Sae } from "../../sae/code/sae.ts";
import { requireFits } from "../../sae/measure/gate/gate.ts";
import { type Origin, originName } from "./origin.ts";

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

export const modelIdentitySchema = z.strictObject({
  name: z.string(),
  architecture: z.string(),
  layers: z.int(),
  d_model: z.int(),
  sha256: sha256Schema,
});

export const adapterIdentitySchema = z.strictObject({
  name: z.string(),
  made_for: z.string().nullable(),
  sha256: sha256Schema,
});

export const saeIdentitySchema = z.strictObject({
  name: z.string(),
  /** k of a TopK SAE, from its file or the plan. Older versions have it only in the hash. */
  k: z.int().positive().nullable().optional(),
  sha256: sha256Schema,
  d_sae: z.int(),
  kind: z.string(),
  hook: z.string(),
  /** Block whose resid_post the SAE read. */
  layer: z.int().nonnegative(),
});
export type SaeIdentity = z.infer<typeof saeIdentitySchema>;

export function modelIdentity({ name, config, identity }: Checkpoint): z.infer<typeof modelIdentitySchema> {
  return {
    name,
    architecture: config.architecture,
    layers: config.layers.length,
    d_model: config.hiddenSize,
    sha256: identity.model,
  };
}

export function adapterIdentity({ adapter }: Checkpoint): z.infer<typeof adapterIdentitySchema> | null {
  if (adapter === null) return null;
  const { name, base, sha256 } = adapter;
  return { name, made_for: base === null ? null : nameOf(base), sha256 };
}

/**
 * @param named the paths as the user wrote them, for messages
 * @param options `layer`: the block that all of them read; their own if undefined. `allowFailed`: see `requireFits`
 * @throws FathomError for an SAE that does not fit the model, or is named twice
 */
export function saeIdentities(
  saes: readonly Sae[],
  { name, config }: Checkpoint,
  named: readonly { path: string; origin: Origin | null }[],
  { layer: chosen, allowFailed }: { layer: number | undefined; allowFailed: boolean },
): SaeIdentity[] {
  const facts = { name, layers: config.layers.length, hiddenSize: config.hiddenSize };
  const seen = new Set<string>();
  return saes.map((sae, i) => {
    const layer = requireFits(sae, facts, chosen, allowFailed);
    const sha256 = sae.identity();
    const { path, origin } = named[i]!;
    if (seen.has(`${sha256} ${layer}`)) throw badInput("sae", "each SAE once", `${path} twice`);
    seen.add(`${sha256} ${layer}`);
    return {
      name: origin === null ? basename(sae.path) : originName(origin),
      k: sae.k,
      sha256,
      d_sae: sae.d_sae,
      kind: sae.kind,
      hook: sae.site?.hookName ?? "not stated in its file",
      layer,
    };
  });
}
