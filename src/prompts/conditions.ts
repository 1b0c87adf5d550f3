/**
 * Expands a plan's axes into the conditions under which every prompt is observed.
 *
 * Token caps are not an axis: a cap is a prefix of one generation, so caps are judged, not generated again. Framings
 * are not an axis either: a framing is part of a prompt's text. Two kinds of combinations are meaningless and are not
 * made: a greedy generation does not depend on its seed, and bare text has no place for a system prompt.
 */
import { badInput } from "../core/errors.ts";
import type { Condition } from "../core/records/observation.ts";

/** All axes must be given, because defaults belong to the command line. `null` means "without". */
export interface ConditionAxes {
  templates: readonly Condition["template"][];
  systems: readonly (string | null)[];
  prefills: readonly (string | null)[];
  /** 0 means greedy. */
  temperatures: readonly number[];
  /** Sampling seeds; not used at temperature 0. */
  seeds: readonly number[];
  /** One precision for all conditions: precisions are compared between runs. */
  precision: Condition["precision"];
  /** The same for all conditions through the chat template; bare text has none. */
  templateVars: Condition["template_vars"];
}

/**
 * A greedy generation is the same for every seed. Its condition always has this seed, so that equal work has equal
 * keys.
 */
const greedySeed = 0;

/**
 * @param axes the values to combine
 * @param where the place in the user's plan that errors name, e.g. "audit.yaml: conditions"
 * @returns conditions in a fixed order: template varies slowest, then system, prefill, temperature; seed varies
 *   fastest. Each axis is in the order given. At temperature 0 there is one condition for all seeds; without a
 *   template only `system: null`.
 * @throws FathomError (exit 2) if an axis is empty, repeats a value or holds one out of range, or if bare text is
 *   asked for but all systems are system prompts (no null)
 */
export function expandConditions(axes: ConditionAxes, where: string): Condition[] {
  checkAxes(axes, where);
  return axes.templates.flatMap((template) =>
    systemsFor(template, axes.systems).flatMap((system) =>
      axes.prefills.flatMap((prefill) =>
        axes.temperatures.flatMap((temperature) =>
          (temperature === 0 ? [greedySeed] : axes.seeds).map(
            (seed): Condition => ({
              template,
              system,
              prefill,
              temperature,
              seed,
              precision: axes.precision,
              template_vars: template === "chat" ? axes.templateVars : {},
              turn: "user",
            }),
          ),
        ),
      ),
    ),
  );
}

function systemsFor(template: Condition["template"], systems: ConditionAxes["systems"]): (string | null)[] {
  return template === "chat" ? [...systems] : systems.filter((system) => system === null);
}

function checkAxes(axes: ConditionAxes, where: string): void {
  checkAxis(`${where}.templates`, axes.templates);
  checkAxis(`${where}.systems`, axes.systems);
  checkAxis(`${where}.prefills`, axes.prefills);
  checkAxis(`${where}.temperatures`, axes.temperatures);
  for (const temperature of axes.temperatures) {
    if (!Number.isFinite(temperature) || temperature < 0)
      throw badInput(`${where}.temperatures`, "numbers of 0 (greedy) or more", String(temperature));
  }
  // Seeds may be empty if nothing is sampled.
  if (axes.temperatures.some((temperature) => temperature > 0)) checkAxis(`${where}.seeds`, axes.seeds);
  for (const seed of axes.seeds) {
    if (!Number.isSafeInteger(seed)) throw badInput(`${where}.seeds`, "whole numbers", String(seed));
  }
  for (const [name, texts] of [
    ["systems", axes.systems],
    ["prefills", axes.prefills],
  ] as const) {
    if (texts.includes(""))
      throw badInput(`${where}.${name}`, "a text or null", "an empty text", "write null for none");
  }
  if (axes.templates.includes("none") && !axes.systems.includes(null)) {
    throw badInput(
      `${where}.systems`,
      'null among the system prompts, because template "none" has no place for one',
      `${axes.systems.length} system prompt(s) and no null`,
      'add null to the system prompts, or take "none" out of the templates',
    );
  }
}

function checkAxis(where: string, values: readonly unknown[]): void {
  if (values.length === 0) throw badInput(where, "at least one value", "an empty list");
  const repeated = values.find((value, index) => values.slice(0, index).includes(value));
  if (repeated !== undefined) {
    throw badInput(where, "each value once", `${JSON.stringify(repeated)} twice`, "remove the repetition");
  }
}
