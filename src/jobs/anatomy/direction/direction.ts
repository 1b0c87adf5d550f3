/**
 * Finds the direction whose removal makes the model answer, as Arditi et al. (arXiv 2406.11717) do, and says how far it can be
 * trusted: beside random directions, over doses, over halves of the prompts, and in how many dimensions.
 */
import {
  type Candidate,
  type CandidatePlace,
  effectsOf,
  type GivenUp,
  isComplete,
  type KnownCandidate,
  rejection,
} from "../../../anatomy/direction/choose.ts";
import type { DosePoint } from "../../../anatomy/direction/dose.ts";
import { norm } from "../../../anatomy/direction/means.ts";
import { splitHalfCosine } from "../../../anatomy/direction/split-half.ts";
import type { RefusalScore } from "../../../anatomy/score/score.ts";
import { badInput } from "../../../core/errors.ts";
import { random } from "../../../core/random.ts";
import type { Model } from "../../../model/model.ts";
import type { Interval } from "../../../stats/proportion.ts";
import { mean } from "../../../stats/summary.ts";
import type { Tell } from "../../job/job-events.ts";
import type { Memory } from "../memory/memory.ts";
import { commonStart } from "../reading/common-start.ts";
import type { ReadPrompt } from "../reading/read-prompt.ts";
import { ScoreRows } from "../reading/score-rows.ts";
import type { Choice } from "./candidate-table.ts";
import { measureDoses, type RandomControl, randomControl } from "./controls.ts";
import { fitDirections, rowsAt } from "./fit-directions.ts";
import { Interventions, scoresAt } from "./interventions.ts";
import { type Dimensions, measureDimensions } from "./measure-dimensions.ts";
import { type ChoiceOptions, measuredChoice } from "./measured-choice.ts";
import type { DirectionStudy } from "./study.ts";

/** Every choice is stated; the defaults are in src/library/defaults.ts. */
export interface DirectionOptions extends ChoiceOptions {
  /** Blocks whose outputs are considered, -1 for the embedding; null for all. */
  layers: readonly number[] | null;
  /** From the prompt's end, -1 is the last token; in rising order. */
  positions: readonly number[];
  /**
   * Fit only on prompts whose score agrees with their side, as the authors' code does: harmful ones above the boundary, and
   * harmless ones not above it. The authors' boundary is 0.
   */
  agreeingOnly: boolean;
  randomDirections: number;
  doses: readonly number[];
  /** Random halves of the prompts. */
  splits: number;
  mostDimensions: number;
  coneSamples: number;
  level: number;
  seed: number;
}

export interface DirectionResult {
  exhaustive: boolean;
  /** How many candidates have a direction; without `exhaustive` only a part of them is measured. */
  considered: number;
  /** Those that were measured in full, in rising order of layer, then position. */
  candidates: (Candidate & { site: "resid_post" })[];
  /** Those that could not be chosen any more before all was measured, in the same order. */
  ruledOut: (KnownCandidate & { site: "resid_post" })[];
  /** How many of the measured ones each filter rejects; a candidate counts once, for depth, then kl, then induce. */
  rejected: { depth: number; kl: number; induce: number };
  /** Mean scores of the validation prompts without an intervention, at the deciding position. */
  clean: { harmful: number; harmless: number };
  /** null if all candidates are too deep. */
  chosen: ChosenDirection | null;
  /** (prompt, block) pairs that were computed. */
  blockEvaluations: number;
}

export interface ChosenDirection extends CandidatePlace {
  site: "resid_post";
  /** Length of the difference of means. */
  norm: number;
  /** Filters that reject every candidate, so that the choice does without them; empty if it passes all. */
  givenUp: GivenUp[];
  random: Omit<RandomControl, "blockEvaluations" | "scores">;
  doses: DosePoint[];
  /** null if there are too few prompts. */
  splitHalf: { estimate: number; interval: Interval } | null;
  dimensions: Omit<Dimensions, "blockEvaluations">;
}

export interface DirectionInput {
  model: Model;
  prompts: readonly ReadPrompt[];
  score: RefusalScore;
  options: DirectionOptions;
  memory: Memory;
  tell: Tell;
}

/**
 * @returns the result, and the chosen vector (the difference of means, [d]), which is kept in memory only
 * @throws FathomError for a prompt that is too short for a position, and if no place has a direction
 */
export async function findDirection(
  input: DirectionInput,
): Promise<{ result: DirectionResult; vector: Float64Array | null }> {
  const { model, options, tell } = input;
  const layers = model.checkpoint.config.layers.length;
  const { study, blockEvaluations: before } = await studyOf(input);
  tell({ kind: "working", what: "fitting directions" });
  const { start } = study.interventions;
  const every = Array.from({ length: layers + 1 }, (_, i) => i - 1);
  const wanted = { layers: options.layers ?? every, positions: options.positions };
  const fitted = await fitDirections(model, study.fit, wanted, start);
  if (fitted.candidates.length === 0)
    throw badInput(
      "direction",
      "a place where harmful and harmless prompts differ",
      "the same means everywhere",
      "other --layers or --positions",
    );
  const clean = await cleanScores(study);
  const measured = await measuredChoice(study, fitted.candidates, input.score.deciding, options, tell);
  const { known, chosen } = measured;
  const rejections = known.map((candidate) => rejection(candidate, options.filters, layers));
  const count = (by: "depth" | "kl" | "induce") => rejections.filter((one) => one === by).length;
  const details = chosen === null ? null : await detailsOf(study, chosen, clean.harmful, input);
  return {
    result: {
      exhaustive: options.exhaustive,
      considered: fitted.candidates.length,
      candidates: known.filter(isComplete).map((candidate) => ({ site: "resid_post", ...candidate })),
      ruledOut: known
        .filter((candidate) => !isComplete(candidate))
        .map((candidate) => ({ site: "resid_post", ...candidate })),
      rejected: { depth: count("depth"), kl: count("kl"), induce: count("induce") },
      clean: { harmful: clean.harmful, harmless: clean.harmless },
      chosen: details === null ? null : details.chosen,
      blockEvaluations: [before, fitted, clean, measured, details]
        .map((part) => (typeof part === "number" ? part : (part?.blockEvaluations ?? 0)))
        .reduce((sum, one) => sum + one, 0),
    },
    vector: chosen?.at.vector ?? null,
  };
}

async function studyOf({
  model,
  prompts,
  score,
  options,
  memory,
}: DirectionInput): Promise<{ study: DirectionStudy; blockEvaluations: number }> {
  const places = score.deciding.prefix.length === 0 ? [score.last] : [score.last, score.deciding];
  const longest = -Math.min(...options.positions);
  for (const { id, ids } of prompts)
    if (ids.length < longest)
      throw badInput(
        `prompt ${id}`,
        `at least ${longest} tokens, for position ${-longest}`,
        String(ids.length),
      );
  const part = (side: ReadPrompt["side"]) =>
    prompts.filter((prompt) => prompt.split === "validate" && prompt.side === side);
  const study = {
    interventions: new Interventions(
      model,
      new ScoreRows(places),
      commonStart(prompts.map(({ ids }) => ids)),
    ),
    memory,
    fit: prompts.filter(({ split }) => split === "fit"),
    validate: { harmful: part("harmful"), harmless: part("harmless") },
    places: places.length,
    ...{ boundary: score.boundary, level: options.level, random: random(options.seed).split("direction") },
  };
  if (!options.agreeingOnly) return { study, blockEvaluations: 0 };
  const { arms, blockEvaluations } = await memory.recall("clean scores of the fitting prompts", {}, () =>
    study.interventions.clean(study.fit),
  );
  const scores = scoresAt(arms[0]!, study.places - 1, study.places);
  const fit = study.fit.filter(({ side }, i) => (side === "harmful") === scores[i]! > score.boundary);
  for (const side of ["harmful", "harmless"] as const)
    if (!fit.some((prompt) => prompt.side === side))
      throw badInput("direction", `${side} prompts whose score agrees with their side`, "none of them");
  return { study: { ...study, fit }, blockEvaluations };
}

async function cleanScores({ interventions, memory, validate, places }: DirectionStudy) {
  const side = async (name: "harmful" | "harmless") => {
    const { arms, blockEvaluations } = await memory.recall("clean scores", { side: name }, () =>
      interventions.clean(validate[name]),
    );
    return { mean: mean(scoresAt(arms[0]!, places - 1, places)), blockEvaluations };
  };
  const [harmful, harmless] = [await side("harmful"), await side("harmless")];
  return {
    ...{ harmful: harmful.mean, harmless: harmless.mean },
    blockEvaluations: harmful.blockEvaluations + harmless.blockEvaluations,
  };
}

async function detailsOf(
  study: DirectionStudy,
  { at, candidate, givenUp }: Choice,
  cleanHarmful: number,
  { options, tell }: Pick<DirectionInput, "options" | "tell">,
): Promise<{ chosen: ChosenDirection; blockEvaluations: number }> {
  const { level } = options;
  const { layer, position } = at;
  tell({ kind: "working", what: "random directions" });
  const control = await randomControl(study, at, effectsOf(candidate), options.randomDirections);
  tell({ kind: "working", what: "doses of the direction" });
  const doses = await measureDoses(study, at, options.doses);
  const halves = await rowsAt(study.interventions.model, study.fit, at, {
    ...{ start: study.interventions.start, edits: [], masks: [] },
  });
  const first = { before: cleanHarmful, after: effectsOf(candidate).bypass, random: control.scores };
  tell({ kind: "working", what: "dimensions of the direction" });
  const dimensions = await measureDimensions(study, at, first, {
    most: options.mostDimensions,
    randomDirections: options.randomDirections,
    coneSamples: options.coneSamples,
  });
  const { scores: _, blockEvaluations: ofControl, ...randomDirections } = control;
  const { blockEvaluations: ofDimensions, ...found } = dimensions;
  return {
    chosen: {
      ...{ site: "resid_post", layer, position, norm: norm(at.vector), givenUp },
      random: randomDirections,
      doses: doses.curve,
      splitHalf: splitHalfCosine(halves.rows, {
        ...{ splits: options.splits, level },
        random: study.random.split("halves"),
      }),
      dimensions: found,
    },
    blockEvaluations: ofControl + doses.blockEvaluations + halves.blockEvaluations + ofDimensions,
  };
}
