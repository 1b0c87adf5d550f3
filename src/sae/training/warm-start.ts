/**
 * A training that begins with an SAE that is there, to fit a public one to a domain. The SAE is brought to the form in which
 * training holds it, without changing what it computes: decoder rows of norm 1, b_dec subtracted from the input, rows scaled
 * to a mean norm of √d_in. What cannot be brought there is refused by name.
 */
import { badInput } from "../../core/errors.ts";
import { norms, transposed } from "../code/matrix.ts";
import type { Sae, SaeKind, SaeParts } from "../code/sae.ts";
import { foldDecoderNorm } from "../code/scale.ts";
import { residualOnly } from "../code/site.ts";
import type { ObjectiveName } from "./state/training-plan.ts";
import type { Weights } from "./state/weights.ts";

/** What goes on training an SAE of a kind; the first where none is chosen. */
const objectivesOf: Record<SaeKind, readonly ObjectiveName[]> = {
  topk: ["topk"],
  groupmax: [],
  jumprelu: ["jumprelu", "batchtopk"],
  standard: [],
  gated: [],
};

/** Of rows that a float32 file says are of norm 1. */
const unitTolerance = 1e-3;
/** A threshold of 0 or below lets through what ReLU does, and has no logarithm; of scaled rows. */
const leastThreshold = 1e-6;

/**
 * @param chosen the objective that was asked for, if one was
 * @returns the objective that trains it on
 * @throws FathomError for a kind that none trains, another site or width, or a normalization of the input
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

/** TopK compares features, so rescaling them by their rows' norms would choose others. */
function requireUnitRows({ path, W_dec }: Sae): void {
  const row = norms(W_dec, 0).findIndex((norm) => Math.abs(norm - 1) > unitTolerance);
  if (row >= 0)
    throw badInput(
      `${path} W_dec`,
      "rows of norm 1, since which k are the largest depends on it",
      `another norm in row ${row}`,
    );
}

/** @param scale what rows are multiplied by in the training @returns log_threshold only of a JumpReLU SAE */
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
    W_dec: Float32Array.from(W_dec.read()),
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
    // A file's threshold is compared with the features as they were.
    threshold: threshold?.map((value, feature) => value * norm[feature]!) ?? null,
  };
}
