/** Answers the prompts of an audit with a checkpoint on this machine: exact tokens, refusal scores, activations. */
import { endsOf, textOf } from "../../../model/checkpoint/checkpoint.ts";
import type { ThinkingOptions } from "../../../model/engine/decoding/thought.ts";
import type { Model } from "../../../model/model.ts";
import type { Asker, Heard, Unit } from "./asker.ts";
import { channelsOf } from "./channels.ts";
import { isWhole, sidecarOf, writeSidecar } from "./sidecar.ts";

export interface EngineAsking {
  /** The run's directory. */
  run: string;
  model: Model;
  /** All units of the run, so that the engine plans for the longest and shares what their prompts share. */
  units: readonly Unit[];
  /** The longest answer, in tokens. A thought does not count. */
  cap: number;
  /** How thoughts are told from answers; null for a checkpoint that cannot think. */
  thinking: ThinkingOptions | null;
  batchSize: number;
  /** Blocks whose activations are kept, in rising order. */
  layers: readonly number[];
  /** Ids of the refusal score's tokens. */
  watch: readonly number[];
}

export function engineAsker(asking: EngineAsking): Asker {
  return {
    isWhole: (record) => isWhole(asking.run, record),
    async ask(pending, heard) {
      await ask(asking, pending, heard);
    },
  };
}

async function ask(
  { run, model, units, cap, thinking, batchSize, layers, watch }: EngineAsking,
  pending: readonly Unit[],
  heard: Heard,
): Promise<void> {
  const { tokenizer } = textOf(model.checkpoint);
  const { hiddenSize } = model.checkpoint.config;
  await model.generate(
    pending.map(({ key, prompt_ids, condition, prompt }) => ({
      id: key,
      name: prompt.id,
      ids: prompt_ids,
      maxNewTokens: cap,
      // Only recorded answers have none.
      temperature: condition.temperature!,
      seed: `${condition.seed}/${prompt.id}/${condition.template}`,
    })),
    {
      endTokens: endsOf(model.checkpoint),
      batchSize,
      watch,
      captureLayers: layers,
      edits: [],
      plan: {
        prompts: units.map((unit) => unit.prompt_ids),
        capacity: Math.max(...units.map((unit) => unit.prompt_ids.length)) + (thinking?.cap ?? 0) + cap,
      },
      ...(thinking === null ? {} : { thinking }),
    },
    (row, index) => {
      const { key, prompt, condition, prompt_ids } = pending[index]!;
      const { record, activations, tokens } = channelsOf(tokenizer, row, hiddenSize);
      heard.answered({
        observation: {
          key,
          prompt_id: prompt.id,
          condition,
          prompt_ids,
          ...record,
          activations: sidecarOf(key, layers, activations),
        },
        store: () => [writeSidecar(run, key, layers, activations, [tokens, hiddenSize])],
      });
    },
    (tokens, kind) => {
      if (kind === "new") heard.generated(tokens);
    },
  );
}
