/**
 * Finds the refusal score of a model. Its own judged clean answers say with which tokens refusals go on; then the score is read
 * at every place that may be the deciding one, and compared with the answers.
 */
import { type Scored, type StandingAnswer, standOf } from "../../../anatomy/score/answers.ts";
import { scorePlaces } from "../../../anatomy/score/places.ts";
import { type RefusalScore, refusalScore, type ScoresOfPart } from "../../../anatomy/score/score.ts";
import { refusalPrefixes } from "../../../anatomy/score/sequence.ts";
import { badInput } from "../../../core/errors.ts";
import { random } from "../../../core/random.ts";
import type { Outcome } from "../../../core/records/verdict.ts";
import type { Model } from "../../../model/model.ts";
import type { Memory } from "../memory/memory.ts";
import { commonStart } from "../reading/common-start.ts";
import type { ReadPrompt } from "../reading/read-prompt.ts";
import { ScoreRows } from "../reading/score-rows.ts";

export interface CleanAnswer {
  /** Its tokens, the end token excluded. */
  ids: readonly number[];
  outcome: Outcome;
}

export interface ScoreOptions {
  /** The score is the log-odds of these tokens at the prompt's last token; null to find tokens and place. */
  tokens: readonly number[] | null;
  resamples: number;
  level: number;
  seed: number;
}

export interface ScoreInput {
  model: Model;
  prompts: readonly ReadPrompt[];
  /** The clean answer of each prompt; undefined where there is none, as for prompts of the test part. */
  answers: readonly (CleanAnswer | undefined)[];
  options: ScoreOptions;
  memory: Memory;
}

export interface FoundScore {
  /** null if no fitting prompt is refused, or none is answered: there is nothing to tell apart. */
  score: RefusalScore | null;
  /** Fitting prompts by how their clean answers stand. */
  stands: Record<StandingAnswer["stand"], number>;
  blockEvaluations: number;
}

/** @throws FathomError for a token that the model does not have */
export async function findScore(input: ScoreInput): Promise<FoundScore> {
  const { model, options, memory } = input;
  const { vocabSize } = model.checkpoint.config;
  const wrong = options.tokens?.find((token) => !Number.isInteger(token) || token < 0 || token >= vocabSize);
  if (wrong !== undefined) throw badInput("score tokens", `ids from 0 to ${vocabSize - 1}`, String(wrong));
  const fit = standing(input, "fit");
  const stands = { refuses: 0, complies: 0, neither: 0 };
  for (const { stand } of fit) stands[stand]++;
  if (stands.refuses === 0 || stands.complies === 0) return { score: null, stands, blockEvaluations: 0 };

  const refusals = fit.filter(({ stand }) => stand === "refuses").map(({ ids }) => ids);
  const [last, ...behind] = scorePlaces(fit);
  const tokens = options.tokens === null ? last!.tokens : [...new Set(options.tokens)].sort((a, b) => a - b);
  const places = [{ prefix: [], tokens }, ...behind];
  const prefixes = refusalPrefixes(refusals);
  const rows = new ScoreRows(places, prefixes);

  const start = commonStart(input.prompts.map(({ ids }) => ids));
  let blockEvaluations = 0;
  const scoresOf = async (part: "fit" | "validate"): Promise<ScoresOfPart> => {
    const judged = standing(input, part).filter(({ stand }) => stand !== "neither");
    const found = await memory.recall("scores of clean answers", { part, tokens: [...rows.watch] }, () =>
      readScores(
        model,
        rows,
        judged.map(({ prompt }) => prompt),
        start,
      ),
    );
    blockEvaluations += found.blockEvaluations;
    const scored = (score: (i: number) => number): Scored[] =>
      judged.map(({ stand, prompt }, i) => ({
        ...{ score: score(i), refuses: stand === "refuses", cluster: prompt.cluster },
      }));
    return {
      places: places.map((_, place) => scored((i) => found.places[i * places.length + place]!)),
      sequence: scored((i) => found.sequence[i]!),
    };
  };
  const [fitted, held] = [await scoresOf("fit"), await scoresOf("validate")];
  const { resamples, level } = options;
  const score = refusalScore(places, prefixes, fitted, held, {
    ...{ resamples, level, searched: options.tokens === null },
    random: random(options.seed).split("refusal score"),
  });
  return { score, stands, blockEvaluations };
}

/** The prompts of a part that have an answer. */
function standing({ prompts, answers }: ScoreInput, part: ReadPrompt["split"]) {
  return prompts.flatMap((prompt, i) => {
    const answer = answers[i];
    if (prompt.split !== part || answer === undefined) return [];
    return [{ prompt, ids: answer.ids, stand: standOf(answer.outcome) }];
  });
}

/** The clean scores [prompts, places] and sequence scores [prompts]. */
async function readScores(
  model: Model,
  rows: ScoreRows,
  prompts: readonly ReadPrompt[],
  start: readonly number[],
): Promise<{ places: Float64Array; sequence: Float64Array; blockEvaluations: number }> {
  const requests = prompts.flatMap(({ id, ids }, prompt) =>
    rows.of(ids).map((row, of) => ({ id, prompt, of, ...row })),
  );
  const watched = prompts.map((): Float32Array[] => []);
  const { blockEvaluations } = await model.measure(
    requests.map(({ id, ids, positions }) => ({ id, ids, positions })),
    { edits: [], start, watch: rows.watch },
    ({ index, watched: found }) => {
      const { prompt, of } = requests[index]!;
      watched[prompt]![of] = found;
    },
  );
  return {
    places: Float64Array.from(watched.flatMap((own) => rows.placeScores(own))),
    sequence: Float64Array.from(watched, (own) => rows.sequenceScore(own)),
    blockEvaluations,
  };
}
