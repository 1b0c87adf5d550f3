/**
 * Makes the pooled features of an SAE from the activations on the disk. The load gate comes first: an SAE that does not explain
 * this model's own activations is not used, and the run says why.
 */

import type { Features } from "../../audit/common/answers.ts";
import { joinFloats } from "../../core/floats.ts";
import { answerIds, type Observation } from "../../core/records/observation.ts";
import type { Spool } from "../../files/disk/spool.ts";
import { textOf } from "../../model/checkpoint/checkpoint.ts";
import type { Model } from "../../model/model.ts";
import { pool } from "../../sae/code/pool.ts";
import { rowsOf } from "../../sae/code/rows.ts";
import type { Sae } from "../../sae/code/sae.ts";
import { SaeSession } from "../../sae/code/sae-session.ts";
import { type GateResult, gate } from "../../sae/measure/gate/gate.ts";
import { overrideCaveat } from "../../sae/measure/gate/override.ts";
import { massiveMultiple } from "../../sae/measure/quality/quality.ts";
import { evenly } from "../../sae/measure/quality/residual-sample.ts";
import { SplicedTexts, splice } from "../../sae/measure/quality/splice.ts";
import { judgedTokens, splicedTokens } from "../inputs/judged-texts.ts";
import { type LeftOut, leftOutWords, pooledTokens } from "./answers/pooled-tokens.ts";
import { activationsOf } from "./answers/sidecar.ts";
import type { AuditPlan } from "./plan.ts";

export interface PooledRun {
  gate: GateResult;
  /** null if the gate failed and was not overridden. */
  features: Features | null;
  /** How many tokens and answers are not pooled. */
  leftOut: LeftOut;
  /** The norm above which a token of the answers is massive; null where nothing was pooled. */
  massiveNorm: number | null;
}

export interface PoolInput {
  run: string;
  observations: readonly Observation[];
  plan: Pick<AuditPlan, "caps" | "pooling" | "allow_failed">;
  model: Model;
}

/**
 * @param spliced of `textsToSplice`, for all SAEs
 * @throws FathomError when a sidecar is missing or damaged
 */
export async function poolFeatures(
  { run, observations, plan, model }: PoolInput,
  sae: Sae,
  layer: number,
  spliced: SplicedTexts,
): Promise<PooledRun> {
  const session = await SaeSession.open(sae);
  try {
    const { name, config } = model.checkpoint;
    const { specialIds } = textOf(model.checkpoint).tokenizer;
    const facts = { name, hiddenSize: config.hiddenSize, layers: config.layers.length };
    const sample = sampleTokens(run, observations, layer, sae.d_in);
    if (sample.count < leastTokens) return unjudged(sae, sample.count);
    const passed = await gate(session, facts, sample, {
      layer,
      allowFailed: plan.allow_failed,
      splice: async () => await splice(session, layer, spliced),
    });
    const leftOut: LeftOut = { special: 0, massive: 0, answers: 0 };
    if (passed.quality === null || (!passed.passed && !plan.allow_failed))
      return { gate: passed, features: null, leftOut, massiveNorm: null };

    const pooled = new Map<string, Float32Array | null>();
    // The same rule as in the gate, with the median norm of the tokens that the gate judged.
    const massiveNorm = massiveMultiple * passed.quality.norm.median;
    for (const observation of observations) {
      const { key } = observation;
      const all = rowsOf(activationsOf(run, observation, layer), sae.d_in);
      const texts = pooledTokens(all, answerIds(observation), specialIds, massiveNorm);
      for (const kind of ["special", "massive", "answers"] as const) leftOut[kind] += texts.leftOut[kind];
      // No answer goes beyond the largest cap, so all its tokens are the tokens up to it.
      pooled.set(
        key,
        texts.rows.count === 0
          ? null
          : await pool(session, texts.rows, [[0, texts.rows.count]], plan.pooling),
      );
    }
    const largest = Math.max(...plan.caps);
    const without = leftOutWords(leftOut, massiveNorm);
    return {
      gate: passed,
      features: {
        d_sae: sae.d_sae,
        ...(passed.passed ? {} : { caveat: overrideCaveat }),
        ...(without === null ? {} : { without }),
        pooled: (key, cap) => {
          if (cap !== largest)
            throw new RangeError(`pooled features: expected the largest cap ${largest}, got ${cap}`);
          return pooled.get(key)!;
        },
      },
      leftOut,
      massiveNorm,
    };
  } finally {
    await session.close();
  }
}

/** A variance needs two tokens. */
const leastTokens = 2;

/** The result if the answers have too few tokens: the gate cannot judge the SAE, and there is nothing to pool. */
function unjudged({ notes }: Sae, tokens: number): PooledRun {
  const sentence = `variance explained: not judged: the answers have ${tokens} tokens, and ${leastTokens} are needed.`;
  const check = {
    name: "variance explained",
    status: "undetermined",
    found: tokens,
    bound: null,
    sentence,
  } as const;
  return {
    gate: { passed: false, checks: [check], quality: null, splice: null, mistake: null, notes },
    features: null,
    leftOut: { special: 0, massive: 0, answers: 0 },
    massiveNorm: null,
  };
}

/**
 * Prompts with thoughts and answers, spread over the run, for the cross-entropy of its SAEs. Only the answer's tokens count.
 * @param layers of the SAEs
 * @param spool see {@link SplicedTexts}
 */
export function textsToSplice(
  model: Model,
  layers: readonly number[],
  observations: readonly Observation[],
  spool: Spool,
): SplicedTexts {
  const texts = observations
    .filter((observation) => answerIds(observation).length > 0)
    .map(({ key, prompt_ids, ids, thought }) => ({
      id: key,
      ids: [...prompt_ids, ...ids],
      from: prompt_ids.length + (thought?.tokens ?? 0),
    }));
  return new SplicedTexts(model, layers, evenly(texts, splicedTokens.check), spool);
}

/** The tokens of every n-th answer, so that the sample is as mixed as the run. */
function sampleTokens(run: string, observations: readonly Observation[], layer: number, width: number) {
  const all = observations.reduce((sum, observation) => sum + answerIds(observation).length, 0);
  const every = Math.max(1, Math.ceil(all / judgedTokens));
  const parts = observations
    .filter((_, i) => i % every === 0)
    .map((observation) => activationsOf(run, observation, layer));
  return rowsOf(joinFloats(parts), width, "the run's activations");
}
