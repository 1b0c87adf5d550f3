/**
 * Units in, observations out: what the journal already holds is kept, the rest is generated, and each row is on the
 * disk the moment it is finished.
 */
import { join } from "node:path";
import { badInput } from "../core/errors.ts";
import { type Observation, observationSchema } from "../core/observation.ts";
import { parseRecord } from "../core/parse.ts";
import { type Journal, openJournal } from "../files/journal.ts";
import { type TensorToWrite, writeSafetensors } from "../files/safetensors-writer.ts";
import { decodeWithEnds } from "../model/decode-ends.ts";
import type { Model } from "../model/model.ts";
import { restore } from "./manifest.ts";
import type { AuditPlan } from "./plan.ts";
import type { Unit } from "./units.ts";

export const observationsPath = (run: string): string => join(run, "observations.jsonl");

/** Of an observation's sidecar, a layer each, [tokens, d_model] float32. */
const tensorOf = (layer: number): string => `resid_post.${layer}`;

export interface ObserveProgress {
  done: number;
  total: number;
  /** Tokens generated since the start of this call. */
  tokens: number;
  /** Seconds since the start of this call. */
  seconds: number;
  /** Estimated seconds left; null until there is something to estimate from. */
  left: number | null;
}

export interface ObserveInput {
  run: string;
  plan: AuditPlan;
  units: readonly Unit[];
  model: Model;
  layers: readonly number[];
  watch: readonly number[];
  onProgress: (progress: ObserveProgress) => void;
}

/** @returns every unit's observation, in the order of the units */
export async function observe(input: ObserveInput): Promise<Observation[]> {
  const { run, units, model, plan, layers } = input;
  const journal = openObservations(run);
  try {
    const known = new Map(journal.records.map((record) => [record.key, record]));
    const wanted = new Set(units.map((unit) => unit.key));
    for (const { key } of journal.records) {
      if (!wanted.has(key)) {
        throw badInput(journal.path, "observations of this plan only", `key ${key}`, "choose another --out");
      }
    }
    const pending = units.filter((unit) => !known.has(unit.key));
    const cap = Math.max(...plan.caps);
    const report = progressOf(input, known.size);
    await model.generate(
      pending.map(({ key, prompt_ids, condition, prompt }) => ({
        id: key,
        ids: prompt_ids,
        maxNewTokens: cap,
        temperature: condition.temperature,
        seed: `${condition.seed}/${prompt.id}/${condition.template}`,
      })),
      {
        endTokens: model.checkpoint.endTokens,
        batchSize: plan.batch_size,
        watch: input.watch,
        captureLayers: layers,
        edits: [],
        plan: {
          prompts: units.map((unit) => unit.prompt_ids),
          capacity: Math.max(...units.map((unit) => unit.prompt_ids.length)) + cap,
        },
      },
      ({ ids, finish, watchScores, activations }, index) => {
        const unit = pending[index]!;
        const file = join("activations", `${unit.key}.safetensors`);
        const d = model.checkpoint.config.hiddenSize;
        const tensors = layers.map((layer, at): TensorToWrite => {
          return { name: tensorOf(layer), dtype: "F32", shape: [ids.length, d], values: activations[at]! };
        });
        writeSafetensors(join(run, file), tensors);
        const { text, ends } = decodeWithEnds(model.checkpoint.tokenizer, ids);
        const observation: Observation = {
          key: unit.key,
          prompt_id: unit.prompt.id,
          condition: unit.condition,
          prompt_ids: unit.prompt_ids,
          ids,
          text,
          text_ends: ends,
          finish,
          refusal_scores: watchScores,
          activations: layers.map((layer) => ({ file, tensor: tensorOf(layer), layer })),
        };
        journal.append(observation);
        known.set(unit.key, observation);
        report.finished();
      },
      (tokens, kind) => {
        if (kind === "new") report.generated(tokens);
      },
    );
    return units.map((unit) => known.get(unit.key)!);
  } finally {
    journal.close();
  }
}

/** The journal of a run's observations. @throws FathomError for damage that a kill cannot have made */
export function openObservations(run: string): Journal<Observation> {
  return openJournal(observationsPath(run), (value, where) =>
    parseRecord(observationSchema, value, where, restore),
  );
}

function progressOf({ units, plan, onProgress }: ObserveInput, resumed: number) {
  const start = performance.now();
  const cap = Math.max(...plan.caps);
  let done = resumed;
  let tokens = 0;
  const tell = () => {
    const seconds = (performance.now() - start) / 1000;
    // Tokens still to come: what finished rows took on average, or the cap while nothing is known.
    const finished = done - resumed;
    const expected = finished > 0 ? Math.min(cap, tokens / finished) : cap;
    const rate = tokens / seconds;
    const left = tokens === 0 ? null : Math.max(0, (units.length - resumed) * expected - tokens) / rate;
    onProgress({ done, total: units.length, tokens, seconds, left });
  };
  return {
    finished() {
      done++;
      tell();
    },
    generated(count: number) {
      tokens += count;
      tell();
    },
  };
}
