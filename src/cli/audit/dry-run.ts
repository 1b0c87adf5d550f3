/** `--dry-run`: prints the plan and its cost on this machine. */

import { fidelityWords } from "../../audit/fidelity.ts";
import { sampledAnswers } from "../../audit/kl/compared.ts";
import { variantsIn } from "../../core/asked/variants.ts";
import type { Fidelity } from "../../core/records/fidelity.ts";
import { templateWords } from "../../core/records/words.ts";
import { otherName } from "../../jobs/audit/logits/kl-to.ts";
import type { Prepared } from "../../jobs/audit/prepare.ts";
import type { Checkpoint } from "../../model/checkpoint/checkpoint.ts";
import { printJson, printLines } from "../terminal/output.ts";
import { count, duration, size } from "../terminal/quantities.ts";
import { type Cell, cellRows } from "./cells.ts";
import { earlyShare, gridOf, ratesOf, secondsOf, type Work, workOf } from "./cost.ts";
import { effectLines, effectsOf } from "./effects.ts";
import { languageCounts, languageRows } from "./language-rows.ts";
import { describeSpeed, probeSpeed, type Speed } from "./probe.ts";

export interface DryRunOptions {
  threads: number | null;
  json: boolean;
  /** The fidelity measured for this plan; null if the plan does not ask for it. */
  fidelity: Fidelity | null;
}

export async function dryRun(
  prepared: Prepared,
  { config }: Checkpoint,
  { threads, json, fidelity }: DryRunOptions,
): Promise<void> {
  const { plan, manifest } = prepared;
  const work = workOf(prepared, config);
  const rows = Math.min(plan.batch_size, work.answers);
  const speed = await probeSpeed(rows, threads);
  const rates = ratesOf(rows, config, speed);
  const [seconds, cells] = [secondsOf(work, rates), gridOf(prepared, config, rates)];
  if (json) {
    const probe = describeSpeed(speed);
    const method = methodOf(speed);
    const smallest_effects = effectsOf(prepared);
    await printJson({
      plan,
      inputs: manifest.inputs,
      work,
      languages: languageCounts(prepared.prompts),
      cells,
      seconds,
      probe,
      method,
      fidelity,
      smallest_effects,
    });
  } else await printLines(textOf(prepared, work, cells, seconds, speed, fidelity));
}

function textOf(
  prepared: Prepared,
  work: Work,
  cells: readonly Cell[],
  seconds: [number, number],
  speed: Speed,
  fidelity: Fidelity | null,
): string[] {
  const { plan, manifest } = prepared;
  const { model, adapter, prompts, saes, layers, reasoning } = manifest.inputs;
  const variables = Object.entries(plan.template_vars).map(
    ([name, value]) => `${name}=${JSON.stringify(value)}`,
  );
  const read = `${count(work.tokens_read)} (${count(work.tokens_read_unshared)} without sharing prefixes)`;
  const rows: [string, string][] = [
    ["Model", `${model!.name}: ${model!.architecture}, ${model!.layers} layers of width ${model!.d_model}`],
    ["Adapter", adapter === null ? "none" : adapter.name],
    ["Precision", plan.precision],
    ["Device", plan.device],
    ...(fidelity === null
      ? []
      : [["Fidelity", fidelityWords(fidelity, plan.precision)] satisfies [string, string]]),
    ...(manifest.kl_to === null
      ? []
      : [
          [
            "KL to",
            `${otherName(manifest.kl_to)}, which reads at most ${sampledAnswers} answers of each tier and condition; this is not in the estimated time`,
          ] satisfies [string, string],
        ]),
    ["Prompts", `${prompts.name}, ${work.prompts}`],
    ...prompts.notes.map((note): [string, string] => ["", note]),
    ...languageRows(prepared.prompts),
    ...(saes.length === 0
      ? [["SAE", "none: the inside view will not be measured"] satisfies [string, string]]
      : saes.map(({ name, d_sae, k, layer }): [string, string] => [
          "SAE",
          `${name}, ${d_sae} features after block ${layer}, ${plan.pooling} over the response tokens${k == null ? "" : `, k = ${k}`}${plan.allow_failed ? ", used even if the load gate fails" : ""}`,
        ])),
    ["Templates", plan.templates.map((template) => templateWords[template].toLowerCase()).join(", ")],
    ...(plan.system === null ? [] : [["System prompt", plan.system] satisfies [string, string]]),
    ...(variables.length === 0 ? [] : [["Template reads", variables.join(", ")] satisfies [string, string]]),
    ["Token caps", plan.caps.join(", ")],
    ...(reasoning === null
      ? []
      : [
          [
            "Thoughts",
            `at most ${count(reasoning.cap)} tokens, between ${reasoning.marks.map(({ open, close }) => `${open} and ${close}`).join(", ")}`,
          ] satisfies [string, string],
        ]),
    [
      "Sampling",
      plan.temperature === 0 ? "greedy" : `temperature ${plan.temperature}, seeds ${plan.seeds.join(", ")}`,
    ],
    [layers.length === 1 ? "Layer" : "Layers", layers.join(", ")],
    ["Answers", `${count(work.answers)} to ${work.prompts} prompts, under ${work.conditions} conditions`],
    ...cellRows(cells, variantsIn(manifest.inputs), "of the time"),
    ["Tokens read", read],
    ["New tokens", `at most ${count(work.most_new_tokens)}`],
    ["Activations", `at most ${size(work.most_activation_bytes)}`],
    ["Time", `${duration(seconds[0])} to ${duration(seconds[1])}, estimated`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    ...rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    ...effectLines(effectsOf(prepared)),
    "",
    methodOf(speed),
  ];
}

function methodOf(speed: Speed): string {
  const { gigabytesPerSecond, gigaflops } = describeSpeed(speed);
  return (
    `The time is estimated from a probe of this machine: ONNX Runtime read weights at ` +
    `${gigabytesPerSecond.toFixed(1)} GB/s and multiplied at ${count(gigaflops)} GFLOP/s in fp32 (int8 takes less time, int4 with few rows). At the lower end, answers ` +
    `stop after ${Math.round(earlyShare * 100)}% of the largest cap; at the upper end, no answer stops early. The share of a condition is of the upper end, each prompt read alone. Opening the model, attention ` +
    `and the analyses are not included.`
  );
}
