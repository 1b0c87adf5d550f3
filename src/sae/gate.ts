/**
 * The load gate: an SAE is used on a model only when the site agrees and it explains real activations of that site.
 * A wrong load that looks fine is this field's most common mistake, so every number is kept with its bound and shown.
 */
import { badInput } from "../core/errors.ts";
import { likelyMistake, type Mistake, type Readings, tryReadings } from "./mistakes.ts";
import { massiveMultiple, type Quality, quality } from "./quality.ts";
import type { Rows } from "./rows.ts";
import type { Sae, Site } from "./sae.ts";
import type { SaeSession } from "./session.ts";
import { residPost, residualOnly } from "./site.ts";
import type { Splice } from "./splice.ts";

/** What the gate needs to know of a model. */
export interface ModelFacts {
  name: string;
  hiddenSize: number;
  layers: number;
}

/** Used where the SAE's own file states nothing; what it states comes first (`tolerated`). */
export interface GateBounds {
  /** Least fraction of variance explained over ordinary tokens. A wrong load usually explains less than the mean does. */
  varianceExplained: number;
  /** Least share of the cross-entropy lost to zeros that the reconstruction keeps (splice.ts). */
  recovered: number;
  /** Mean L0 at most this share of d_in: above it the features are no sparse code of the input. */
  l0ShareOfInput: number;
  deadShare: number;
  /** Dead features are judged when this many activations (tokens × L0) a feature were seen; fewer tell nothing. */
  activationsPerFeature: number;
  /** What a stated number may be off by. */
  tolerated: {
    /** Fraction of variance explained below the stated. */
    varianceExplained: number;
    /** Dead share above the stated. */
    deadShare: number;
    /** L0 and ‖x‖ within this factor of the stated, either way. */
    factor: number;
    /** L0 of a TopK: its k, but for tokens with fewer positive features. */
    factorOfTopK: number;
  };
}

/** Choices of Fathom: published residual SAEs explain 0.6 to 0.95 of ordinary tokens' variance and recover 0.9 and more. */
export const gateBounds: GateBounds = {
  varianceExplained: 0.5,
  recovered: 0.7,
  l0ShareOfInput: 0.5,
  deadShare: 0.5,
  activationsPerFeature: 100,
  tolerated: { varianceExplained: 0.1, deadShare: 0.2, factor: 2, factorOfTopK: 1.25 },
};

export interface GateCheck {
  name:
    | "width"
    | "site"
    | "model"
    | "variance explained"
    | "mean L0"
    | "dead features"
    | "activation norm"
    | "reading"
    | "cross-entropy recovered";
  /** Undetermined: nothing to hold it against, or too little seen. It does not close the gate. */
  status: "pass" | "fail" | "undetermined";
  found: number | string;
  /** null where there is none. */
  bound: { least: number | null; most: number | null; from: "declared" | "stated by the SAE" } | null;
  sentence: string;
}

export interface GateResult {
  passed: boolean;
  checks: GateCheck[];
  /** null where width or site already refused. */
  quality: Quality | null;
  /** null where it was not measured. */
  splice: Splice | null;
  /** Of a load that failed: what, if it were undone, would explain the activations; null where nothing tried does. */
  mistake: Mistake | null;
  /** Scaling and folding used: to be shown with every result. */
  notes: readonly string[];
}

/**
 * Refuses an SAE that cannot belong to the model's site, before anything is run.
 * @param layer the block whose output will be read; the SAE's own when not given
 * @param allowFailed lets an SAE of another place through where a layer is given
 * @returns the layer
 * @throws FathomError, one line: another width, another place, a layer that the model does not have
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
  /** Judges activations where the site already says no, since the SAE will be used all the same. */
  allowFailed?: boolean;
  bounds?: GateBounds;
  /** [n] 1 for the first token of a sequence, where that is known. */
  isFirst?: Uint8Array;
  /** The same tokens' activations after other blocks, to recognize a layer mistaken for another. */
  elsewhere?: ReadonlyMap<number, Rows>;
  /** Measures cross-entropy with the reconstruction spliced in; asked only when width and site have passed. */
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
  const checks = fit(sae, model, options.layer);
  const bounds = options.bounds ?? gateBounds;
  const measured = await quality(session, rows, options.isFirst);
  const splice = (await options.splice?.()) ?? null;
  checks.push(...judge(sae, measured, bounds));
  if (splice !== null) checks.push(spliceCheck(splice, bounds));
  const readings = await tryReadings(sae, rows, options.elsewhere ?? new Map(), measured);
  checks.push(readingCheck(readings));
  const passed = !checks.some(({ status }) => status === "fail");
  const mistake = passed ? null : likelyMistake(sae, readings, measured, bounds.varianceExplained);
  return { passed, checks, quality: measured, splice, mistake, notes: sae.notes };
}

/**
 * The closed gate where width or site already say no; null where activations have to be looked at.
 * @param allowFailed looks at activations of another site than the SAE's, if the model has the layer that was asked for
 */
export function refusedAtSight(
  sae: Sae,
  model: ModelFacts,
  layer?: number,
  allowFailed = false,
): GateResult | null {
  const checks = fit(sae, model, layer);
  const canBeRead = allowFailed && isLayer(layer, model);
  if (!checks.some(({ status, name }) => status === "fail" && !(canBeRead && name === "site"))) return null;
  return { passed: false, checks, quality: null, splice: null, mistake: null, notes: sae.notes };
}

/** A wrong load can explain much all the same; the right one explains more. */
function readingCheck(readings: Readings | null): GateCheck {
  const check = (status: GateCheck["status"], found: number | string, sentence: string): GateCheck => ({
    name: "reading",
    status,
    found,
    bound: null,
    sentence,
  });
  if (readings === null)
    return check("undetermined", "not tried", "Other readings of the file were not tried: it is too wide.");
  const { asLoaded, undone } = readings;
  const as = `As it is loaded it explains ${shown(asLoaded)} of the variance of some ordinary tokens`;
  if (undone === null) return check("pass", asLoaded, `${as}; no known mistake, undone, explains more.`);
  const other = `${shown(undone.varianceExplained)} if ${undone.words}`;
  return check("fail", asLoaded, `${as}, and ${other}.`);
}

function fit(sae: Sae, model: ModelFacts, layer: number | undefined): GateCheck[] {
  const width: GateCheck = {
    name: "width",
    status: sae.d_in === model.hiddenSize ? "pass" : "fail",
    found: sae.d_in,
    bound: null,
    sentence: `The SAE reads ${sae.d_in} numbers a token; ${model.name} has ${model.hiddenSize}.`,
  };
  return [width, siteCheck(sae, model, layer), modelCheck(sae.site, model)];
}

function siteCheck({ site, decodes = null }: Sae, model: ModelFacts, layer: number | undefined): GateCheck {
  const check = (status: GateCheck["status"], sentence: string): GateCheck => ({
    name: "site",
    status,
    found: site?.hookName ?? "not stated",
    bound: null,
    sentence,
  });
  const asked = layer === undefined ? "" : `; layer ${layer} (${residPost(layer)}) was asked for`;
  if (layer !== undefined && !isLayer(layer, model))
    return check("fail", `Layer ${layer} was asked for; ${model.name} has layers 0 to ${model.layers - 1}.`);
  if (decodes !== null)
    return check(
      "fail",
      `The SAE is a transcoder: it decodes ${decodes}, not what it reads. Try: ${residualOnly}.`,
    );
  if (site === null) return check("undetermined", `The SAE does not say where it reads${asked}.`);
  if (site.layer === null)
    return check(
      "fail",
      `The SAE reads ${site.hookName}, which is not the residual stream between blocks. Try: ${residualOnly}.`,
    );
  if (site.layer >= model.layers)
    return check(
      "fail",
      `The SAE reads ${site.hookName}; ${model.name} has layers 0 to ${model.layers - 1}.`,
    );
  const agrees = layer === undefined || layer === site.layer;
  return check(agrees ? "pass" : "fail", `The SAE reads ${site.hookName}${asked}.`);
}

function isLayer(layer: number | undefined, { layers }: ModelFacts): boolean {
  return layer !== undefined && Number.isInteger(layer) && layer >= 0 && layer < layers;
}

/** An SAE of a base model is often used on its instruction-tuned child, so another name is said and not refused. */
function modelCheck(site: Site | null, model: ModelFacts): GateCheck {
  const written = site?.modelName ?? null;
  const same = written !== null && bare(written) === bare(model.name);
  return {
    name: "model",
    status: same ? "pass" : "undetermined",
    found: written ?? "not stated",
    bound: null,
    sentence: `The SAE names ${written === null ? "no model" : `the model ${written}`}; this one is ${model.name}.`,
  };
}

/** `google/gemma-2-2b-it` and `Gemma-2-2B-IT` are one model. */
function bare(name: string): string {
  return name.toLowerCase().replace(/^.*\//, "");
}

function spliceCheck(
  { recovered, original, spliced, zeroed, tokens }: Splice,
  bounds: GateBounds,
): GateCheck {
  const name = "cross-entropy recovered";
  const about =
    `of what zeros at the site lose, over ${tokens} next tokens ` +
    `(${shown(original)} nats as the model is, ${shown(spliced)} with the reconstruction, ${shown(zeroed)} with zeros)`;
  if (recovered !== null)
    return compare(name, recovered, {
      declared: { least: bounds.recovered, most: null },
      stated: null,
      about,
    });
  const sentence = `${name}: nothing to recover ${about}.`;
  return { name, status: "undetermined", found: "nothing to recover", bound: null, sentence };
}

function judge(sae: Sae, measured: Quality, bounds: GateBounds): GateCheck[] {
  const { stated } = sae;
  const { tolerated } = bounds;
  const { varianceExplained, meanL0, dead, norm, tokens, massive } = measured;
  const seen = (tokens * meanL0) / sae.d_sae;
  const around = (value: number | null, factor = tolerated.factor) =>
    value === null ? null : { least: value / factor, most: value * factor };
  const first = varianceExplained.withoutFirst;
  return [
    compare("variance explained", varianceExplained.ordinary, {
      declared: { least: bounds.varianceExplained, most: null },
      stated:
        stated.varianceExplained === null
          ? null
          : { least: stated.varianceExplained - tolerated.varianceExplained, most: null },
      about:
        `over ${tokens - massive.count} tokens without the ${massive.count} of a norm above ${massiveMultiple} medians ` +
        `(${shown(varianceExplained.all)} with them, ` +
        (first === null ? "" : `${shown(first)} with them and without first tokens, `) +
        `median token ${shown(varianceExplained.perToken)})`,
    }),
    compare("mean L0", meanL0, {
      // No feature at all is no code either.
      declared: { least: 1, most: bounds.l0ShareOfInput * sae.d_in },
      stated: around(stated.meanL0, sae.k !== null ? tolerated.factorOfTopK : tolerated.factor),
      about: `active features a token, over ${tokens} tokens`,
    }),
    compare("dead features", dead.share, {
      declared: { least: null, most: bounds.deadShare },
      stated:
        stated.deadShare === null ? null : { least: null, most: stated.deadShare + tolerated.deadShare },
      about: `of ${sae.d_sae} features never active, on ${tokens} tokens`,
      ...(seen >= bounds.activationsPerFeature
        ? {}
        : { tooFew: `${shown(seen)} activations a feature seen, ${bounds.activationsPerFeature} needed` }),
    }),
    compare("activation norm", norm.ordinary, {
      declared: null,
      stated: around(stated.meanNorm),
      about: `mean norm without massive tokens (mean ${shown(norm.mean)}, largest ${shown(norm.max)})`,
    }),
  ];
}

type Limits = { least: number | null; most: number | null };

function compare(
  name: GateCheck["name"],
  found: number,
  {
    declared,
    stated,
    about,
    tooFew,
  }: { declared: Limits | null; stated: Limits | null; about: string; tooFew?: string },
): GateCheck {
  const limits = stated ?? declared;
  const sentence = `${name}: ${shown(found)} ${about}`;
  if (limits === null)
    return {
      name,
      status: "undetermined",
      found,
      bound: null,
      sentence: `${sentence}; the SAE states none.`,
    };
  const bound = { ...limits, from: stated === null ? "declared" : "stated by the SAE" } as const;
  const range = [
    limits.least === null ? "" : `at least ${shown(limits.least)}`,
    limits.most === null ? "" : `at most ${shown(limits.most)}`,
  ].filter((part) => part !== "");
  const told = `${sentence}; ${range.join(" and ")} (${bound.from})`;
  if (tooFew !== undefined)
    return { name, status: "undetermined", found, bound, sentence: `${told}; not judged: ${tooFew}.` };
  // Written so that NaN fails.
  const inside =
    (limits.least === null || found >= limits.least) && (limits.most === null || found <= limits.most);
  return { name, status: inside ? "pass" : "fail", found, bound, sentence: `${told}.` };
}

function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}
