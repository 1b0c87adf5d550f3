/** `--dry-run` of an audit of recorded answers: prints what was found in their file. Nothing is judged or written. */
import type { RecordedPlan } from "../../jobs/audit/plan.ts";
import type { PreparedRecording } from "../../jobs/audit/prepare-recorded.ts";
import { print, printJson, printLines } from "../terminal/output.ts";
import { count } from "../terminal/quantities.ts";
import { effectLines, effectsOf } from "./effects.ts";
import { languageCounts, languageRows } from "./language-rows.ts";
import { planYaml } from "./plan-yaml.ts";

/** @param asked the plan before it took anything from the file @param out the run's directory, or null */
export async function dryRunRecorded(
  prepared: PreparedRecording,
  asked: RecordedPlan,
  out: string | null,
  { yaml, json }: { yaml: boolean; json: boolean },
): Promise<void> {
  const { plan, prompts, units, manifest } = prepared;
  const { inputs, notes } = manifest;
  const answers = inputs.answers!;
  const work = { prompts: prompts.length, conditions: units.length / prompts.length, answers: units.length };
  if (yaml) {
    await print(planYaml(asked, out, process.cwd()));
    return;
  }
  if (json) {
    const languages = languageCounts(prompts);
    await printJson({ plan, inputs, work, languages, notes, smallest_effects: effectsOf(prepared) });
    return;
  }
  const rows: [string, string][] = [
    ["Answers", `${answers.name}, recorded by ${answers.tool ?? "a tool that it does not name"}`],
    ["Model", answers.model ?? "not recorded"],
    ["Prompts", `${inputs.prompts.name}, ${work.prompts}`],
    ...inputs.prompts.notes.map((note): [string, string] => ["", note]),
    ...languageRows(prompts),
    ["Judged", `${count(work.answers)} = ${work.prompts} prompts × ${work.conditions} conditions`],
    ["Token cap", `${plan.caps[0]}, each answer whole`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  await printLines([
    ...rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    ...notes,
    ...effectLines(effectsOf(prepared)),
  ]);
}
