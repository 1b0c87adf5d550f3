/**
 * Makes one `ReportData` from the records of a run. It is pure: the caller reads the records and writes the report. Records that
 * contradict each other are an error; a row is never left out silently.
 */

import { otherSystemIn, type Variant, variantOf } from "../core/asked/variants.ts";
import { badInput } from "../core/errors.ts";
import { canonicalJson } from "../core/hash.ts";
import type { Catalog } from "../core/records/catalog.ts";
import type { Finding } from "../core/records/finding.ts";
import { answerIds, type Condition, type Observation } from "../core/records/observation.ts";
import type { Prompt } from "../core/records/prompt.ts";
import {
  type Identity,
  type ReportData,
  type ReportPlan,
  type ReportRow,
  type RowVerdict,
  refusalScoresShown,
  reportDataSchema,
  reportRowSchema,
  type ShownInside,
} from "../core/records/report.ts";
import type { ThoughtVerdict, Verdict } from "../core/records/verdict.ts";
import { redactedThoughts, redactionRule, shownOf, turnsShown } from "./redact.ts";

export interface ReportInput {
  title: string;
  identities: readonly Identity[];
  plan: ReportPlan;
  prompts: readonly Prompt[];
  /** How some prompts were asked again. */
  variants: readonly Variant[];
  observations: readonly Observation[];
  verdicts: readonly Verdict[];
  thoughts: readonly ThoughtVerdict[];
  warnings: readonly string[];
  notes: readonly string[];
  findings: readonly Finding[];
  insides: readonly (ShownInside & {
    /** D by observation key. null: D is undefined. A missing key: the answer was not scored. */
    divergence: ReadonlyMap<string, number | null>;
  })[];
  /** Token by token, how far the model is from another checkpoint; null without one. */
  klTo: ReportData["kl_to"];
  notMeasured: readonly string[];
  /** true: every answer is printed. false: answers are printed as `redactionRule` says. */
  showText: boolean;
}

/**
 * @returns the report's data, rows in the order of the prompts, then of the plan's templates, those that were asked again last, then by seed
 * @throws FathomError when a record names a prompt or observation that does not exist, or an answer has no verdict at a cap
 */
export function buildReportData(input: ReportInput): ReportData {
  const prompts = new Map(input.prompts.map((prompt, place) => [prompt.id, { prompt, place }]));
  const verdicts = verdictsByObservation(input);
  const thoughts = new Map(input.thoughts.map((thought) => [thought.observation, thought]));
  const conditions = distinctConditions(input.observations);
  const conditionAt = new Map(conditions.map(({ name }, place) => [name, place]));

  const templates = input.plan.templates;
  /** Keys of the answers that are printed whole. */
  const whole = new Set<string>();
  const rows = input.observations
    .map((observation) => {
      const asked = prompts.get(observation.prompt_id);
      if (asked === undefined)
        throw badInput(
          `observation ${observation.key}`,
          "a prompt of the run's prompt set",
          `prompt id ${JSON.stringify(observation.prompt_id)}`,
          "render the report with the prompt file that the run was made with",
        );
      const row = reportRow(observation, asked.prompt, verdicts.get(observation.key) ?? [], {
        ...input,
        thought: thoughts.get(observation.key) ?? null,
      });
      if (!row.redacted) whole.add(observation.key);
      row.condition = conditionAt.get(canonicalJson(observation.condition))!;
      const variant = variantOf(observation.condition, input.variants);
      const again = variant === null ? 0 : 1 + input.variants.indexOf(variant);
      // Checked one by one: a check of all rows at once would hold them twice.
      return { row: reportRowSchema.parse(row), place: asked.place, again };
    })
    .sort(
      (a, b) =>
        a.place - b.place ||
        templates.indexOf(a.row.template) - templates.indexOf(b.row.template) ||
        a.again - b.again ||
        a.row.seed - b.row.seed ||
        a.row.condition - b.row.condition,
    )
    .map(({ row }) => row);

  const checked = reportDataSchema.parse({
    schema: 1,
    title: input.title,
    identities: [...input.identities],
    plan: input.plan,
    conditions: conditions.map(({ condition, answers }) => ({ ...condition, answers })),
    warnings: [...input.warnings],
    notes: [...input.notes],
    findings: [...input.findings],
    insides: input.insides.map(({ divergence: _, ...inside }) => ({
      ...inside,
      catalog: inside.catalog === null ? null : contextsIn(inside.catalog, whole),
    })),
    kl_to: input.klTo,
    rows: [],
    redaction: {
      applied: !input.showText,
      rule: thoughts.size > 0 ? `${redactionRule} ${redactedThoughts}` : redactionRule,
      answers: rows.filter((row) => row.redacted).length,
    },
    not_measured: [...input.notMeasured],
  } satisfies ReportData);
  return { ...checked, rows };
}

/** The catalog with the text of contexts in these answers only. */
function contextsIn(catalog: Catalog, whole: ReadonlySet<string>): Catalog {
  return {
    ...catalog,
    categories: catalog.categories.map(({ features, ...category }) => ({
      ...category,
      features: features.map((feature) => ({
        ...feature,
        contexts: feature.contexts.map((context) =>
          whole.has(context.observation) ? context : { ...context, around: null },
        ),
      })),
    })),
  };
}

function reportRow(
  observation: Observation,
  prompt: Prompt,
  verdicts: readonly Verdict[],
  { plan, variants, insides, showText, thought }: ReportInput & { thought: ThoughtVerdict | null },
): ReportRow {
  const shown = shownOf(prompt.tier, observation.text, showText);
  const judged = plan.caps.map((cap): RowVerdict => {
    const verdict = verdicts.find((candidate) => candidate.cap === cap);
    if (verdict === undefined)
      throw badInput(
        `observation ${observation.key}`,
        `a verdict at every cap (${plan.caps.join(", ")})`,
        `none at ${cap}`,
        "judge the run again",
      );
    const { outcome, surface, coherence, evidence, refusal_token } = verdict;
    const text = textAt(observation, cap);
    const own = shown.redacted || observation.text.startsWith(text) ? {} : { own_text: text };
    return { cap, outcome, surface, coherence, evidence, refusal_token, text_end: text.length, ...own };
  });
  return {
    prompt_id: prompt.id,
    prompt: prompt.prompt,
    turns: turnsShown(prompt, showText),
    tier: prompt.tier,
    framing: prompt.framing,
    category: prompt.category,
    panel: prompt.panel,
    pair: prompt.pair,
    ...(prompt.language === undefined ? {} : { language: prompt.language }),
    template: observation.condition.template,
    seed: observation.condition.seed,
    prefill: observation.condition.prefill,
    turn: observation.condition.turn,
    other_system: otherSystemIn(observation.condition, variants),
    condition: 0,
    ...shown,
    thought: thoughtShown(observation, prompt, thought, showText),
    ...tokensOf(observation),
    finish: observation.finish,
    verdicts: judged,
    D: insides.map(({ divergence }) => divergence.get(observation.key) ?? null),
    refusal_scores: observation.refusal_scores
      .slice(0, refusalScoresShown)
      .map((score) => Math.round(score * 100) / 100),
  };
}

/** Of a redacted thought only what it was judged to say is shown, and none of its words. */
function thoughtShown(
  { thought }: Observation,
  { tier }: Prompt,
  judged: ThoughtVerdict | null,
  showText: boolean,
): ReportRow["thought"] {
  if (thought === null || judged === null) return null;
  const { tokens, closed, text } = thought;
  const { recognises, decision } = judged;
  return { recognises, decision, tokens, closed, text: shownOf(tier, text, showText).text };
}

/** The answer's text at a cap. */
function textAt({ text, text_ends, capped }: Observation, cap: number): string {
  if (capped !== undefined) return capped.find((one) => one.cap === cap)?.text ?? text;
  return cap >= text_ends.length ? text : text.slice(0, text_ends[cap - 1]);
}

/** An endpoint gives no token ids. Of its answer the tokens can still be known, from the places where they end. */
function tokensOf(observation: Observation): Pick<ReportRow, "prompt_tokens" | "tokens"> {
  const { prompt_ids, text, text_ends } = observation;
  if (prompt_ids.length > 0)
    return { prompt_tokens: prompt_ids.length, tokens: answerIds(observation).length };
  return { prompt_tokens: null, tokens: text === "" || text_ends.length > 0 ? text_ends.length : null };
}

function verdictsByObservation({ observations, verdicts }: ReportInput): Map<string, Verdict[]> {
  const byKey = new Map<string, Verdict[]>(observations.map(({ key }) => [key, []]));
  for (const verdict of verdicts) {
    const list = byKey.get(verdict.observation);
    if (list === undefined)
      throw badInput(
        `verdict on ${verdict.prompt_id} at cap ${verdict.cap}`,
        "an observation of this run",
        `key ${JSON.stringify(verdict.observation)}`,
      );
    list.push(verdict);
  }
  return byKey;
}

/** The distinct conditions, with the number of answers under each. Conditions that differ only in the seed count as different. */
function distinctConditions(observations: readonly Observation[]) {
  const found = new Map<string, { name: string; condition: Condition; answers: number }>();
  for (const { condition } of observations) {
    const name = canonicalJson(condition);
    const entry = found.get(name);
    if (entry === undefined) found.set(name, { name, condition, answers: 1 });
    else entry.answers++;
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
