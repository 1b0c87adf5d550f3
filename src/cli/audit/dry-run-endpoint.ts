/** `--dry-run` of an audit behind an endpoint: prints the plan, and the most that it can cost. Nothing is sent. */

import { variantsIn } from "../../core/asked/variants.ts";
import { canonicalJson } from "../../core/hash.ts";
import { mostTokens } from "../../endpoint/endpoint.ts";
import { messagesOf } from "../../jobs/audit/answers/ask-endpoint.ts";
import type { Unit } from "../../jobs/audit/answers/asker.ts";
import type { Prepared } from "../../jobs/audit/prepare.ts";
import { print, printJson, printLines } from "../terminal/output.ts";
import { count } from "../terminal/quantities.ts";
import { type Cell, cellRows, cellsOf } from "./cells.ts";
import { effectLines, effectsOf } from "./effects.ts";
import { languageCounts, languageRows } from "./language-rows.ts";
import { planYaml } from "./plan-yaml.ts";

interface EndpointWork {
  prompts: number;
  conditions: number;
  answers: number;
  /** Requests if the endpoint gives tokens, so that one answer is judged at every cap. */
  requests: number;
  /** Requests if it gives none, so that each cap is asked for alone. */
  most_requests: number;
  /** The most tokens, read and generated, of those requests. */
  tokens: number;
  most_tokens: number;
}

/** @param out the run's directory, or null */
export async function dryRunEndpoint(
  prepared: Prepared,
  out: string | null,
  { yaml, json }: { yaml: boolean; json: boolean },
): Promise<void> {
  const { manifest } = prepared;
  const { inputs } = manifest;
  // The address without credentials.
  const plan = { ...prepared.plan, endpoint: inputs.endpoint!.url };
  const work = workOf(prepared);
  const largest = Math.max(...plan.caps);
  const cells = cellsOf(prepared.units, (unit) => mostTokens(requestOf(unit, largest)));
  if (yaml) await print(planYaml(plan, out, process.cwd()));
  else if (json)
    await printJson({
      ...{ plan, inputs, work, cells, method },
      languages: languageCounts(prepared.prompts),
      smallest_effects: effectsOf(prepared),
    });
  else await printLines([...rowsOf(prepared, work, cells), ...effectLines(effectsOf(prepared)), "", method]);
}

const method =
  "Nothing was sent. Tokens are counted with the most that they can be: a text has no more tokens than bytes, and every answer runs " +
  "to its cap. If the endpoint gives tokens with log-probabilities, one request at the largest cap is judged at every cap; if not, " +
  "each cap needs a request of its own. A reasoning model's thoughts come on top, at most --reasoning-cap tokens each. " +
  "A request that failed and is tried again counts again.";

const requestOf = (unit: Unit, max_tokens: number) => ({ messages: messagesOf(unit), max_tokens });

function workOf({ plan, prompts, units }: Prepared): EndpointWork {
  const largest = Math.max(...plan.caps);
  const tokensAt = (caps: readonly number[]): number =>
    units
      .flatMap((unit) => caps.map((cap) => mostTokens(requestOf(unit, cap))))
      .reduce((sum, tokens) => sum + tokens, 0);
  return {
    prompts: prompts.length,
    conditions: new Set(units.map(({ condition }) => canonicalJson(condition))).size,
    answers: units.length,
    requests: units.length,
    most_requests: units.length * plan.caps.length,
    tokens: tokensAt([largest]),
    most_tokens: tokensAt(plan.caps),
  };
}

function rowsOf(prepared: Prepared, work: EndpointWork, cells: readonly Cell[]): string[] {
  const { plan, manifest } = prepared;
  const { endpoint, prompts } = manifest.inputs;
  const limit = (value: number | null, unit: string): string =>
    value === null ? "none" : `${count(value)} ${unit}`;
  const rows: [string, string][] = [
    ["Model", plan.model],
    ["Endpoint", endpoint!.url],
    ["Prompts", `${prompts.name}, ${work.prompts}`],
    ...prompts.notes.map((note): [string, string] => ["", note]),
    ...languageRows(prepared.prompts),
    ["Token caps", plan.caps.join(", ")],
    ["Sampling", `temperature ${plan.temperature}, seeds ${plan.seeds.join(", ")}`],
    ["Answers", `${count(work.answers)} to ${work.prompts} prompts, under ${work.conditions} conditions`],
    ...cellRows(cells, variantsIn(manifest.inputs), "of the tokens"),
    ["Requests", between(work.requests, work.most_requests)],
    ["Tokens", `at most ${between(work.tokens, work.most_tokens)}`],
    ["Under way", `${plan.concurrency} requests`],
    [
      "Rate",
      `${limit(plan.requests_per_minute, "requests")}, ${limit(plan.tokens_per_minute, "tokens")} per minute`,
    ],
    ["Budget", `${limit(plan.budget_requests, "requests")}, ${limit(plan.budget_tokens, "tokens")}`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}

const between = (with_: number, without: number): string =>
  with_ === without ? count(with_) : `${count(with_)} if the endpoint gives tokens, ${count(without)} if not`;
