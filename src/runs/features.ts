/**
 * From activations on the disk to pooled SAE features. The load gate comes first: an SAE that does not explain this
 * model's own activations is not used, and the run says why.
 */
import { join } from "node:path";
import type { Features } from "../audit/answers.ts";
import { failure } from "../core/errors.ts";
import type { Observation } from "../core/observation.ts";
import { openSafetensors } from "../files/safetensors.ts";
import type { Model } from "../model/model.ts";
import { type GateResult, gate } from "../sae/gate.ts";
import { overrideCaveat } from "../sae/override.ts";
import { poolMean } from "../sae/pool.ts";
import { rowsOf } from "../sae/rows.ts";
import type { Sae } from "../sae/sae.ts";
import { evenly, type SampleText } from "../sae/sample.ts";
import { SaeSession } from "../sae/session.ts";
import { splice } from "../sae/splice.ts";

/** Tokens that the gate judges an SAE on: some thousands, from answers spread over the whole run. */
const gateTokens = 8192;
/** Of those, what is read again three times, for cross-entropy with the reconstruction spliced in. */
const splicedTokens = 2048;

export interface PooledRun {
  gate: GateResult;
  /** null when the gate refused and was not overridden. */
  features: Features | null;
}

/** @throws FathomError when a sidecar is missing or damaged */
export async function poolFeatures(
  run: string,
  observations: readonly Observation[],
  caps: readonly number[],
  sae: Sae,
  model: Model,
  layer: number,
  allowFailed: boolean,
): Promise<PooledRun> {
  const session = await SaeSession.open(sae);
  try {
    const { name, config } = model.checkpoint;
    const facts = { name, hiddenSize: config.hiddenSize, layers: config.layers.length };
    const sample = sampleTokens(run, observations, sae.d_in);
    const passed = await gate(session, facts, sample, {
      layer,
      allowFailed,
      splice: async () => await splice(session, model, layer, sampleTexts(observations)),
    });
    if (!passed.passed && !allowFailed) return { gate: passed, features: null };

    const pooled = new Map<string, Float32Array | null>();
    for (const observation of observations) {
      const values = activationsOf(run, observation);
      const tokens = values.length / sae.d_in;
      // Nothing is generated beyond the largest cap, so all tokens are the tokens up to it.
      const mean = tokens === 0 ? null : await poolMean(session, rowsOf(values, sae.d_in), [[0, tokens]]);
      pooled.set(observation.key, mean);
    }
    const largest = Math.max(...caps);
    return {
      gate: passed,
      features: {
        d_sae: sae.d_sae,
        ...(passed.passed ? {} : { caveat: overrideCaveat }),
        pooled: (key, cap) => {
          if (cap !== largest)
            throw new RangeError(`pooled features: expected the largest cap ${largest}, got ${cap}`);
          return pooled.get(key)!;
        },
      },
    };
  } finally {
    await session.close();
  }
}

/** resid_post of an observation's response tokens, [tokens, d_model]. */
function activationsOf(run: string, { activations, key, ids }: Observation): Float32Array<ArrayBuffer> {
  if (activations === null) {
    throw failure(
      `observation ${key}`,
      "activations in a sidecar",
      "none",
      "run the audit again into a new folder",
    );
  }
  const file = openSafetensors(join(run, activations.file));
  try {
    const [tokens] = file.entry(activations.tensor).shape;
    if (tokens !== ids.length)
      throw failure(file.path, `${ids.length} tokens`, String(tokens), "start a new run");
    return file.readFloat32(activations.tensor);
  } finally {
    file.close();
  }
}

/** Prompts and answers, spread over the run; an answer's tokens are predicted. */
function sampleTexts(observations: readonly Observation[]): SampleText[] {
  const texts = observations
    .filter(({ ids }) => ids.length > 0)
    .map(({ key, prompt_ids, ids }) => ({
      id: key,
      ids: [...prompt_ids, ...ids],
      from: prompt_ids.length,
    }));
  return evenly(texts, splicedTokens);
}

/** Every n-th answer's tokens, so that the sample is as mixed as the run. */
function sampleTokens(run: string, observations: readonly Observation[], width: number) {
  const all = observations.reduce((sum, { ids }) => sum + ids.length, 0);
  const every = Math.max(1, Math.ceil(all / gateTokens));
  const parts = observations
    .filter((_, i) => i % every === 0)
    .map((observation) => activationsOf(run, observation));
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  return rowsOf(values, width, "the run's activations");
}
