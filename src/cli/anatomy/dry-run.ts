/** `fathom anatomy --dry-run`: prints the plan and its cost on this machine. */
import { splits } from "../../core/records/prompt.ts";
import type { PreparedAnatomy } from "../../jobs/anatomy/prepare.ts";
import { probeSpeed } from "../audit/probe.ts";
import { printJson, printLines } from "../terminal/output.ts";
import { count, duration } from "../terminal/quantities.ts";
import { type AnatomyWork, secondsOf, workOf } from "./cost.ts";

export async function dryRunAnatomy(
  prepared: PreparedAnatomy,
  { threads, json }: { threads: number | null; json: boolean },
): Promise<void> {
  const work = workOf(prepared);
  const speed = await probeSpeed(prepared.plan.batch_size, threads);
  const seconds = secondsOf(work, prepared, speed);
  if (json) await printJson({ plan: prepared.plan, inputs: prepared.manifest.inputs, work, seconds });
  else await printLines(linesOf(prepared, work, seconds));
}

function linesOf({ plan, manifest }: PreparedAnatomy, work: AnatomyWork, seconds: number): string[] {
  const { model, adapter, harmful, harmless, pairs, split_by, saes } = manifest.inputs;
  const { sizes } = plan;
  const rows: [string, string][] = [
    ["Model", `${model.name}: ${model.architecture}, ${model.layers} layers of width ${model.d_model}`],
    ["Adapter", adapter === null ? "none" : adapter.name],
    [
      "Prompts",
      `${harmful.name} and ${harmless.name}: ${splits.map((part) => `${pairs[part]} ${part}`).join(", ")} pairs, split by the ${split_by}`,
    ],
    ...(saes.length === 0
      ? [["SAE", "none: only the direction is looked for"] satisfies [string, string]]
      : saes.map(({ name, d_sae, layer }): [string, string] => [
          "SAE",
          `${name}, ${count(d_sae)} features after block ${layer}`,
        ])),
    ["Parts", plan.only === "direction" ? "direction" : `all up to ${plan.only}`],
    ["Directions", `${count(work.measured_directions)} of about ${count(work.directions)} measured`],
    ...(plan.only === "direction"
      ? []
      : ([
          [
            "Candidates",
            `at most ${count(sizes.candidates)} features, ranked by cosine and attribution${plan.integrated_steps === null ? "" : `, and by integrated gradients in ${plan.integrated_steps} steps`}`,
          ],
          ...(plan.greedy_filter === null
            ? []
            : [
                [
                  "Published filter",
                  `keeps a block that lowers P(refusal) by ${100 * plan.greedy_filter}%`,
                ] satisfies [string, string],
              ]),
          [
            "Controls",
            `${sizes.controls} by score, ${sizes.judged_controls} judged on ${sizes.control_prompts} test prompts`,
          ],
        ] satisfies [string, string][])),
    ["Judged answers", `${count(work.answers)}, at most ${count(work.most_new_tokens)} new tokens`],
    ["Rows", `${count(work.rows)}, ${count(work.tokens)} tokens`],
    ["Time", `${duration(seconds)} at most for these, and the searches, whose length is not known before`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}
