/** Makes everything that a run on recorded answers needs: it reads their file and finds the prompt of each. It writes nothing. */
import { basename } from "node:path";
import { badInput } from "../../core/errors.ts";
import { hashJson } from "../../core/hash.ts";
import type { Condition } from "../../core/records/observation.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import { hashFile } from "../../files/disk/hash-file.ts";
import { loadPrompts, type PromptSet } from "../../prompts/load.ts";
import { capOf } from "../../recorded/cap.ts";
import { type Matched, matched, promptsOfRecords } from "../../recorded/match.ts";
import { loadRecording } from "../../recorded/recorded.ts";
import type { RecordedUnit, Recording } from "../../recorded/recording.ts";
import { type Unit, withoutUsersTurn } from "./answers/asker.ts";
import { requireDefined } from "./categories/plan-categories.ts";
import type { RecordedPlan } from "./plan.ts";
import type { PreparedRun } from "./prepare.ts";
import { manifestOfTexts, requireGrid } from "./prepared-parts.ts";
import { choosePrompts } from "./units.ts";

export interface PreparedRecording extends PreparedRun {
  plan: RecordedPlan;
  /** The recorded answers, by the keys of their units. */
  recorded: ReadonlyMap<string, RecordedUnit>;
}

/** One condition under which answers were recorded, and the answers by their prompts' ids. */
interface Group {
  condition: Condition;
  of: Map<string, RecordedUnit>;
}

/** @throws FathomError for a file that cannot be read, and for answers that do not fit the prompts or make no run */
export async function prepareRecorded(plan: RecordedPlan): Promise<PreparedRecording> {
  const recording = await loadRecording(plan.answers);
  const sha256 = hashFile(plan.answers);
  const set: PromptSet =
    plan.prompts === null
      ? { ...promptsOfRecords(plan.answers, recording.units), sha256 }
      : await loadPrompts(plan.prompts, { map: plan.map });
  const answers = matched(set, recording.units);
  const chosen = choosePrompts(set.prompts, plan, set.name);
  const groups = groupsOf(answers, recording, plan);
  const prompts = chosen.filter(({ id }) => groups.every(({ of }) => of.has(id)));
  requireSome(prompts, chosen, groups, plan);
  requireDefined(plan.categories, prompts, set.name);
  const { cap, from } = capOf(recording, plan.caps[0] ?? null);
  const recorded = new Map<string, RecordedUnit>();
  const units = groups.flatMap(({ condition, of }) =>
    prompts.map((prompt): Unit => {
      const unit = of.get(prompt.id)!;
      const { text, reasoning, finish } = unit;
      const asked = { prompt: prompt.id, condition: withoutUsersTurn(condition), cap };
      const key = hashJson({ recorded: { text, reasoning, finish }, ...asked });
      recorded.set(key, unit);
      return { key, prompt, condition, prompt_ids: [] };
    }),
  );
  requireGrid(prompts, units);
  const conditions = groups.map(({ condition }) => condition);
  const stated = {
    ...plan,
    templates: [...new Set(conditions.map(({ template }) => template))],
    caps: [cap],
    seeds: [...new Set(conditions.map(({ seed }) => seed))],
    system: conditions.find(({ system }) => system !== null)?.system ?? null,
  };
  return {
    plan: stated,
    prompts,
    units,
    recorded,
    layers: [],
    watch: [],
    thinking: null,
    manifest: manifestOfTexts({
      ...{ plan: stated, set, prompts, units, endpoint: null, reasoning: null },
      temperature: recording.temperature,
      answers: {
        ...{ name: basename(plan.answers), sha256, tool: recording.tool },
        ...{ model: recording.model ?? plan.model, date: recording.date, cap_from: from },
        without_finish: [...recorded.values()].filter(({ finish }) => finish === null).length,
        states_template: recording.units.every(({ template }) => template !== null),
        states_seed: recording.units.every(({ seed }) => seed !== null),
      },
      notes: [
        ...recording.notes,
        ...nameNotes(recording, plan),
        ...gapNotes(recording, chosen, prompts, groups),
      ],
    }),
  };
}

/**
 * The answers by the condition under which they were recorded, chat before bare text and seeds rising.
 * @throws FathomError for two answers to one prompt under one condition, for a template that the file contradicts, and for several
 *   answers of a greedy model
 */
function groupsOf(answers: readonly Matched[], { temperature }: Recording, plan: RecordedPlan): Group[] {
  const [stated = "chat"] = plan.templates;
  const groups = new Map<string, Group>();
  for (const { prompt, unit } of answers) {
    const template = unit.template ?? stated;
    if (stated === "none" && template !== "none")
      throw badInput("--templates", `${template}, as ${unit.where} says`, stated, "leave it out");
    const condition: Condition = {
      ...{ template, system: unit.system, prefill: null, temperature, seed: unit.seed ?? 0 },
      ...{ precision: null, template_vars: {}, turn: "user" },
    };
    const name = hashJson({ ...condition });
    const group = groups.get(name) ?? { condition, of: new Map<string, RecordedUnit>() };
    const other = group.of.get(prompt.id);
    if (other !== undefined)
      throw badInput(
        unit.where,
        `one answer to prompt ${prompt.id}`,
        `a second one beside ${other.where}`,
        "give repetitions a seed each, or a file for each condition",
      );
    groups.set(name, group);
    group.of.set(prompt.id, unit);
  }
  const seeds = new Set([...groups.values()].map(({ condition }) => condition.seed)).size;
  if (temperature === 0 && seeds > 1)
    throw badInput(
      plan.answers,
      "one answer to each prompt, because it was recorded at temperature 0, where repetitions are the same",
      `${seeds} repetitions`,
      "a log with one epoch",
    );
  return [...groups.values()].toSorted(
    ({ condition: a }, { condition: b }) =>
      Number(a.template === "none") - Number(b.template === "none") || a.seed - b.seed,
  );
}

function requireSome(
  prompts: readonly Prompt[],
  chosen: readonly Prompt[],
  groups: readonly Group[],
  { answers }: RecordedPlan,
): void {
  if (prompts.length > 0) return;
  const some = chosen.filter(({ id }) => groups.some(({ of }) => of.has(id))).length;
  throw badInput(
    answers,
    groups.length === 1
      ? "an answer to at least one of the prompts"
      : `a prompt that was answered under all ${groups.length} conditions`,
    some === 0 ? "none" : `${some} prompts with some of the answers`,
    groups.length === 1 ? "another --limit or --framings" : "a file for each condition",
  );
}

/** A note if the user's name of the model is not the file's, which counts. */
function nameNotes({ model }: Recording, plan: RecordedPlan): string[] {
  return model === null || plan.model === null || plan.model === model
    ? []
    : [`The file says that the answers are from ${model}, and not from ${plan.model}.`];
}

/** Sentences about prompts that have no answer, and about answers that are not used. */
function gapNotes(
  { without }: Recording,
  chosen: readonly Prompt[],
  prompts: readonly Prompt[],
  groups: readonly Group[],
): string[] {
  const of = (why: "withheld" | "failed") => without.filter((one) => one.why === why).length;
  const used = new Set(prompts.map(({ id }) => id));
  const missing = chosen.filter(({ id }) => !used.has(id));
  const partly = missing.filter((prompt) => groups.some((group) => group.of.has(prompt.id))).length;
  const byTier = [...new Set(missing.map(({ tier }) => tier))].map(
    (tier) => `${missing.filter((one) => one.tier === tier).length} ${tier}`,
  );
  return [
    ...(of("withheld") === 0
      ? []
      : [
          `${of("withheld")} records hold no answer, because the tool withheld it. fathom export writes them all with --show-text.`,
        ]),
    ...(of("failed") === 0
      ? []
      : [`${of("failed")} records hold no answer, because the tool failed on them.`]),
    ...(missing.length === 0
      ? []
      : [
          `${missing.length} of ${chosen.length} prompts (${byTier.join(", ")}) have no answer in the file${partly === 0 ? "" : ` under every condition (${partly} under some)`}. They are left out: every number is about the other ${prompts.length}.`,
        ]),
  ];
}
