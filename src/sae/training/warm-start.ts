/**
 * Starts a training from an existing SAE, for example to fit a public one to a domain. The SAE is converted to the
 * form that training uses, without a change in what it computes: decoder rows of norm 1, b_dec subtracted from the
 * input, rows scaled to a mean norm of √d_in. An SAE that cannot be converted is refused, and the message names the
 * reason.
 */
import { badInput } from "../../core/errors.ts";
import { norms, transposed } from "../code/matrix.ts";
import type { Sae, SaeKind, SaeParts } from "../code/sae.ts";
import { foldDecoderNorm } from "../code/scale.ts";
import { residualOnly } from "../code/site.ts";
import type { ObjectiveName } from "./state/training-plan.ts";
import type { Weights } from "./state/weights.ts";

/** The objectives that can continue to train an SAE of a kind; the first is the default. */
const objectivesOf: Record<SaeKind, readonly ObjectiveName[]> = {
  topk: ["topk"],
  groupmax: [],
  jumprelu: ["jumprelu", "batchtopk"],
  standard: [],
  gated: [],
};

/** Tolerance for rows of norm 1 that were stored as float32. */
const unitTolerance = 1e-3;
/** Replaces thresholds of 0 or below, which have no logarithm and act as ReLU. For scaled rows. */
const leastThreshold = 1e-6;

/**
 * @param chosen the objective that the user asked for, if any
 * @returns the objective that continues the training
 * @throws FathomError for a kind that no objective trains, another site or width, or a normalization of the input
 */
export function objectiveFor(
  sae: Sae,
  place: { layer: number; d_in: number },
  chosen: ObjectiveName | undefined,
): ObjectiveName {
  const { path, kind, site, normalize } = sae;
  const [first, ...others] = objectivesOf[kind];
  if (first === undefined) throw badInput(`${path} kind`, "topk or jumprelu, to train it on", kind);
  if (sae.decodes != null) throw badInput(path, residualOnly, `a transcoder, which decodes ${sae.decodes}`);
  const objective = chosen ?? first;
  if (objective !== first && !others.includes(objective))
    throw badInput("--objective", [first, ...others].join(" or "), objective, `${path} is of kind ${kind}`);
  if (sae.d_in !== place.d_in)
    throw badInput(`${path} d_in`, `the model's width, ${place.d_in}`, String(sae.d_in));
  if (site !== null && site.layer !== place.layer)
    throw badInput("--layer", `the SAE's, ${site.layer ?? site.hookName}`, String(place.layer));
  if (normalize !== "none" && normalize !== "expected_average_only_in")
    throw badInput(`${path} normalization`, "none, to train it on", normalize);
  if (sae.kind === "topk" && !sae.rescaleByDecoderNorm) requireUnitRows(sae);
  return objective;
}

/** TopK compares features with each other, so rescaling them by the norms of their rows would choose other features. */
function requireUnitRows({ path, W_dec }: Sae): void {
  const row = norms(W_dec, 0).findIndex((norm) => Math.abs(norm - 1) > unitTolerance);
  if (row >= 0)
    throw badInput(
      `${path} W_dec`,
      "rows of norm 1, because the norms decide which k features are the largest",
      `another norm in row ${row}`,
    );
}

/** @param scale the factor on rows in the training @returns the SAE's weights; `log_threshold` only for a JumpReLU SAE */
export function weightsOf(sae: Sae, scale: number): Weights {
  const { d_in, d_sae, W_enc, b_enc, W_dec, b_dec, threshold } = unitRowed(sae);
  const encoder = transposed(W_enc).read();
  const bias = Float32Array.from(b_enc, (value) => value * scale);
  if (!sae.applyBDecToInput)
    for (let feature = 0; feature < d_sae; feature++)
      for (let i = 0; i < d_in; i++)
        bias[feature] = bias[feature]! + scale * b_dec[i]! * encoder[feature * d_in + i]!;
  return {
    W_encT: encoder,
    b_enc: bias,
    W_dec: W_dec.read().slice(),
    b_dec: b_dec.map((value) => value * scale),
    ...(threshold === null
      ? {}
      : { log_threshold: threshold.map((value) => Math.log(Math.max(value * scale, leastThreshold))) }),
  };
}

function unitRowed(sae: Sae): SaeParts {
  if (sae.kind === "topk" && !sae.rescaleByDecoderNorm) return sae;
  const norm = norms(sae.W_dec, 0);
  const { threshold } = sae;
  return {
    ...foldDecoderNorm(sae),
    // The SAE's threshold is compared with features before they are multiplied by the norm, so it is multiplied, too.
    threshold: threshold?.map((value, feature) => value * norm[feature]!) ?? null,
  };
}
