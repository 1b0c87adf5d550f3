/**
 * The load gate: an SAE is used on a model only if its site agrees and it explains real activations of that site. The most
 * common mistake of this field is a wrong load that looks fine. So every number is kept with its bound and shown.
 */
import { badInput } from "../../../core/errors.ts";
import type { Rows } from "../../code/rows.ts";
import type { Sae } from "../../code/sae.ts";
import type { SaeSession } from "../../code/sae-session.ts";
import { likelyMistake, type Mistake, tryReadings } from "../quality/mistakes.ts";
import { type Quality, quality } from "../quality/quality.ts";
import type { Splice } from "../quality/splice.ts";
import type { GateCheck } from "./check.ts";
import { type GateBounds, gateBounds, measuredChecks, readingCheck, spliceCheck } from "./measured.ts";
import { isLayer, type ModelFacts, placeChecks } from "./place.ts";
import { thresholdChecks } from "./threshold.ts";

export interface GateResult {
  passed: boolean;
  checks: GateCheck[];
  /** null if width or site already closed the gate. */
  quality: Quality | null;
  /** null if it was not measured. */
  splice: Splice | null;
  /** For a failed load: the mistake that, once undone, lets the SAE explain the activations; null if no known one does. */
  mistake: Mistake | null;
  /** The scaling and folding that was used; show it with every result. */
  notes: readonly string[];
}

/**
 * Refuses an SAE that cannot belong to the model's site, before anything is run.
 * @param layer the block whose output will be read; the SAE's own if not given
 * @param allowFailed whether an SAE of another place is let through if `layer` is given
 * @returns the layer
 * @throws FathomError in one line for another width, another place, or a layer that the model does not have
 */
export function requireFits(sae: Sae, model: ModelFacts, layer?: number, allowFailed = false): number {
  const failed = refusedAtSight(sae, model, layer, allowFailed)?.checks.find(
    ({ status }) => status === "fail",
  );
  if (failed !== undefined) throw badInput(sae.path, `an SAE of ${model.name}`, failed.sentence);
  const chosen = layer ?? sae.site?.layer;
  if (chosen === undefined || chosen === null)
    throw badInput(sae.path, "a layer, since the SAE names none", "none", "name the layer it was trained on");
  return chosen;
}

export interface GateOptions {
  layer?: number;
  /** Measures activations even if the site check fails, because the SAE will be used anyway. */
  allowFailed?: boolean;
  bounds?: GateBounds;
  /** [n] 1 for the first token of a sequence, if that is known. */
  isFirst?: Uint8Array;
  /** The activations of the same tokens after other blocks, to recognize an SAE of another layer. */
  elsewhere?: ReadonlyMap<number, Rows>;
  /** Measures cross-entropy with the reconstruction spliced in. Called only after width and site have passed. */
  splice?: () => Promise<Splice>;
}

/** @param rows activations [n, d_in] of the model at the site, enough to judge: some thousands of tokens */
export async function gate(
  session: SaeSession,
  model: ModelFacts,
  rows: Rows,
  options: GateOptions = {},
): Promise<GateResult> {
  const { sae } = session;
  const refused = refusedAtSight(sae, model, options.layer, options.allowFailed);
  if (refused !== null) return refused;
  const checks = placeChecks(sae, model, options.layer);
  const bounds = options.bounds ?? gateBounds;
  const measured = await quality(session, rows, options.isFirst);
  const splice = (await options.splice?.()) ?? null;
  checks.push(...measuredChecks(sae, measured, bounds));
  checks.push(...(await thresholdChecks(sae)));
  if (splice !== null) checks.push(spliceCheck(splice, bounds));
  const readings = await tryReadings(sae, rows, options.elsewhere ?? new Map(), measured);
  checks.push(readingCheck(readings));
  const passed = !checks.some(({ status }) => status === "fail");
  const mistake = passed ? null : likelyMistake(sae, readings, measured, bounds.varianceExplained);
  return { passed, checks, quality: measured, splice, mistake, notes: sae.notes };
}

/**
 * The closed gate if width or site already fail; null if activations must be measured.
 * @param allowFailed whether a failed site check is ignored, if the model has the layer that was asked for
 */
export function refusedAtSight(
  sae: Sae,
  model: ModelFacts,
  layer?: number,
  allowFailed = false,
): GateResult | null {
  const checks = placeChecks(sae, model, layer);
  const canBeRead = allowFailed && isLayer(layer, model);
  if (!checks.some(({ status, name }) => status === "fail" && !(canBeRead && name === "site"))) return null;
  return { passed: false, checks, quality: null, splice: null, mistake: null, notes: sae.notes };
}
