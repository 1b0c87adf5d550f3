/** Writes what was measured as anatomy.json. */

import type { ScorePlace } from "../../anatomy/score/places.ts";
import type { CheckedScore, RefusalScore } from "../../anatomy/score/score.ts";
import { tally } from "../../anatomy/trial/tally.ts";
import type { Anatomy } from "../../core/records/anatomy.ts";
import { type Checkpoint, textOf } from "../../model/checkpoint/checkpoint.ts";
import type { CleanAnswer } from "./answers/clean-answers.ts";
import type { DirectionResult } from "./direction/direction.ts";
import type { PreparedAnatomy } from "./prepare.ts";
import { notSearched, searchRecord } from "./record-search.ts";
import type { Searched } from "./searched.ts";

export interface Measured {
  answers: readonly CleanAnswer[];
  /** null where the stage before left nothing to do. */
  score: { found: RefusalScore | null; blockEvaluations: number } | null;
  direction: DirectionResult | null;
  search: Searched | null;
}

type Part<Key extends keyof Anatomy> = Pick<Anatomy, Key>;

/** @param level confidence level of every interval */
export function anatomyRecord(prepared: PreparedAnatomy, measured: Measured, level: number): Anatomy {
  const { plan, prompts, checkpoint } = prepared;
  const { answers, score, search } = measured;
  const sideOf = (side: "harmful" | "harmless") => tally(answers.filter((_, i) => prompts[i]!.side === side));
  const found = score?.found ?? null;
  return {
    format: 1,
    ...outcomeOf(measured),
    ...{ level, seed: plan.seed, sizes: plan.sizes },
    prompts: { harmful: sideOf("harmful"), harmless: sideOf("harmless") },
    score: found === null ? null : scoreOf(found, checkpoint),
    direction: measured.direction === null ? null : directionOf(measured.direction),
    ...(search === null ? notSearched(prepared) : searchRecord(prepared, search, level)),
    ledger: ledgerOf(measured, prepared),
  };
}

function outcomeOf({ score, direction, search }: Measured): Part<"outcome" | "reason"> {
  if (score === null)
    return {
      outcome: "no refusal to take apart",
      reason: "No answer to a harmful fitting prompt refuses, so there is nothing to take apart.",
    };
  if (search === null)
    return direction?.chosen == null
      ? { outcome: "not in this dictionary", reason: "Every direction lies too deep for the filter." }
      : { outcome: "found", reason: "A direction carries the refusals. No features were searched." };
  const { outcome, standing } = search.found.pooled;
  const reasons = {
    found: `Ablating some of the features makes at least ${standing.needed} of ${standing.refusing.length} refused fitting prompts comply.`,
    "not in this dictionary": `With all ${search.chosen.candidates.length} candidate features ablated, ${standing.ceiling.complied} of ${standing.refusing.length} refused fitting prompts comply. What carries the refusals is outside these dictionaries.`,
    "only broken text": `With the candidate features ablated, ${standing.ceiling.broken} of ${standing.refusing.length} answers are broken text, which is neither a refusal nor an answer.`,
    "no refusal to take apart": "No answer to a harmful fitting prompt refuses.",
  };
  return { outcome, reason: reasons[outcome] };
}

function scoreOf(found: RefusalScore, checkpoint: Checkpoint): Anatomy["score"] {
  const { tokenizer } = textOf(checkpoint);
  const place = ({ prefix, tokens }: ScorePlace) => ({
    prefix: [...prefix],
    tokens: tokens.map((id) => ({ id, token: tokenizer.tokenOf(id) })),
  });
  return {
    last: place(found.last),
    deciding: place(found.deciding),
    ...agreementOf(found),
    sequence: agreementOf(found.sequence),
  };
}

function agreementOf({ auc, interval, boundary, fitted, held }: CheckedScore) {
  const { disagreement, refusing, complying } = held ?? fitted;
  return {
    auc: { estimate: auc, interval, n: fitted.refusing + fitted.complying },
    boundary,
    // Only the agreement on other prompts counts; without such prompts there is none.
    disagreement:
      held === null
        ? { estimate: null, interval: null, n: 0 }
        : { estimate: disagreement.share, interval: disagreement.interval, n: refusing + complying },
  };
}

function directionOf({ chosen, ...search }: DirectionResult): Anatomy["direction"] {
  if (chosen === null) return null;
  const { splitHalf, givenUp, ...rest } = chosen;
  const { exhaustive, considered, rejected, clean, candidates, ruledOut } = search;
  return {
    ...rest,
    given_up: givenUp,
    split_half: splitHalf,
    exhaustive,
    considered,
    rejected,
    clean,
    candidates,
    ruled_out: ruledOut,
  };
}

function ledgerOf(
  { answers, score, direction, search }: Measured,
  { checkpoint }: PreparedAnatomy,
): Anatomy["ledger"] {
  const blocks = checkpoint.config.layers.length;
  const steps = answers.reduce((sum, { ids }) => sum + 1 + ids.length, 0);
  const entries = [
    { stage: "clean answers", what: "answers", asked: answers.length, blockEvaluations: steps * blocks },
    {
      ...{ stage: "refusal score", what: "scores", asked: 1 },
      blockEvaluations: score?.blockEvaluations ?? 0,
    },
    {
      ...{ stage: "direction", what: "candidates" },
      asked: (direction?.candidates.length ?? 0) + (direction?.ruledOut.length ?? 0),
      blockEvaluations: direction?.blockEvaluations ?? 0,
    },
    {
      ...{ stage: "candidates", what: "features" },
      asked: search?.chosen.candidates.length ?? 0,
      blockEvaluations: search?.chosen.blockEvaluations ?? 0,
    },
    ...(search?.spent ?? []),
  ];
  return entries
    .filter(({ asked }) => asked > 0)
    .map(({ stage, what, asked, blockEvaluations }) => ({
      ...{ stage, what, asked, block_evaluations: blockEvaluations },
    }));
}
