/**
 * A run as a log of Inspect (inspect_ai, schema version 2), for its viewer and its Python. A sample is an answer at the largest cap; its
 * score is the verdict. A withheld answer is what the report prints of it.
 */
import type { Finding } from "../../core/records/finding.ts";
import type { ReportData, ReportRow } from "../../core/records/report.ts";
import { againWords } from "../../core/records/words.ts";
import { messagesOf, shownAt, withheld } from "./shown-answer.ts";

export interface LogFacts {
  /** A name of the run that never changes, e.g. a hash of its inputs. */
  id: string;
  /** ISO 8601. */
  created: string;
  model: string;
  prompts: string;
  /** Version of Fathom. */
  version: string;
}

/** Inspect has no word for a refusal that the reply itself states. */
const stopReasons: Readonly<Record<ReportRow["finish"], string>> = {
  ...{ stop: "stop", length: "max_tokens", context: "model_length" },
  ...{ blocked: "content_filter", refused: "unknown" },
};

export function inspectLog(data: ReportData, { id, created, model, prompts, version }: LogFacts): object {
  const samples = data.rows.map((row) => sampleOf(row, data, model));
  const n = samples.length;
  return {
    version: 2,
    status: "success",
    eval: {
      ...{ eval_id: id, run_id: id, created, task: "fathom_audit", task_id: id, task_version: 0 },
      ...{ task_attribs: {}, task_args: {}, model, model_args: {}, model_generate_config: {} },
      dataset: { name: prompts, samples: n, sample_ids: samples.map((sample) => sample.id), shuffled: false },
      config: { epochs: 1 },
      packages: { fathom: version },
      metadata: {
        ...{ redaction: data.redaction, caps: data.plan.caps, judge: data.plan.judge },
        temperature: data.plan.temperature,
      },
    },
    plan: { name: "plan", steps: [], config: {} },
    results: {
      ...{ total_samples: n, completed_samples: n },
      scores: [
        { name: "fathom", scorer: "fathom", params: {}, metrics: metricsOf(data.findings), metadata: {} },
      ],
    },
    stats: { started_at: created, completed_at: created, model_usage: {} },
    samples,
  };
}

/** Each finding with an estimate is a metric. */
function metricsOf(findings: readonly Finding[]): Record<string, object> {
  return Object.fromEntries(
    findings.flatMap(({ id, estimate, interval, n, status, sentence }) =>
      estimate === null
        ? []
        : [[id, { name: id, value: estimate, params: {}, metadata: { interval, n, status, sentence } }]],
    ),
  );
}

function sampleOf(row: ReportRow, { conditions }: ReportData, model: string) {
  const condition = conditions[row.condition]!;
  const last = row.verdicts.at(-1)!;
  const answer =
    shownAt(row, last) ?? (row.printable === null || row.printable === "" ? withheld : row.printable);
  const system = condition.system === null ? [] : [{ role: "system", content: condition.system }];
  const { turn } = row;
  const role = turn === "no-generation-prompt" ? "user" : turn;
  const asked = [...messagesOf(row.turns), { role, content: row.prompt }].map((one) => ({
    ...one,
    source: "input",
  }));
  const said = { role: "assistant", content: answer, source: "generate", model };
  return {
    // The prompt alone is not unique: it was asked under several conditions.
    id: `${row.prompt_id} [${row.condition}]`,
    epoch: 1,
    input: row.turns.length === 0 ? row.prompt : asked,
    target: "",
    messages: [...system, ...asked, said],
    output: { model, choices: [{ message: said, stop_reason: stopReasons[row.finish] }], completion: answer },
    scores: {
      fathom: {
        value: last.outcome,
        answer,
        explanation: last.evidence.map(({ rule, outcome }) => `${rule}: ${outcome}`).join("; ") || null,
        metadata: {
          redacted: row.redacted || row.turns.some(({ content }) => content === null),
          by_cap: Object.fromEntries(row.verdicts.map(({ cap, outcome }) => [cap, outcome])),
        },
      },
    },
    metadata: {
      ...{ prompt_id: row.prompt_id, tier: row.tier, framing: row.framing, category: row.category },
      ...{
        panel: row.panel,
        pair: row.pair,
        language: row.language ?? null,
        template: row.template,
        turn,
        prefill: row.prefill,
        other_system: row.other_system?.system ?? null,
        asked_again: againWords(row) !== null,
        seed: row.seed,
        finish: row.finish,
      },
    },
    store: {},
    events: [],
    model_usage: {},
    attachments: {},
  };
}
