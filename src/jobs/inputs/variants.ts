/** How a plan asks some prompts again, and whether the model's template can. */

import { changedBy, type Variant, variantsIn } from "../../core/asked/variants.ts";
import { badInput, FathomError } from "../../core/errors.ts";
import type { OtherTurn } from "../../core/records/fields/turns.ts";
import type { Condition } from "../../core/records/observation.ts";
import { type Checkpoint, textOf } from "../../model/checkpoint/checkpoint.ts";
import { encodePrompt } from "./encode-prompt.ts";
import { type PrefillPlan, prefillsOf } from "./prefills.ts";

/** A variant, and the tokens that follow those of the template. */
export interface AskedVariant {
  variant: Variant;
  ids: readonly number[];
}

interface SystemsPlan {
  templates: readonly ("chat" | "none")[];
  system: string | null;
  also_systems: readonly (string | null)[];
}

interface VariantPlan extends PrefillPlan, SystemsPlan {
  also_turns: readonly OtherTurn[];
  date: string;
}

/**
 * The variants of a plan, in their order.
 * @param plain the condition of the plain answers through the chat template
 * @throws FathomError for prefills that cannot be made, for system prompts and turns that are none of their own, and for those that the
 *   model's template does not write
 */
export function variantsOf(
  plan: VariantPlan,
  plain: Condition | undefined,
  checkpoint: Checkpoint,
  thinks: boolean,
): AskedVariant[] {
  requireSystems(plan);
  requireTurns(plan, thinks);
  const others = variantsIn({ prefills: [], plan });
  if (plain !== undefined && others.length > 0) requireWritten(others, plain, checkpoint, plan.date);
  return [
    ...prefillsOf(plan, checkpoint, thinks),
    ...others.map((variant): AskedVariant => ({ variant, ids: [] })),
  ];
}

/** @throws FathomError for a system prompt that is empty, that two variants have, or that the plain answers have */
export function requireSystems({ templates, system, also_systems }: SystemsPlan): void {
  if (also_systems.length > 0) requireChat("also_systems", templates);
  if (also_systems.includes(""))
    throw badInput(
      "also_systems",
      "a text, or null for no system prompt",
      "an empty text",
      "also_systems: [null] in a plan file, beside --system",
    );
  const all = [system, ...also_systems];
  const twice = all.find((one, i) => all.indexOf(one) !== i);
  if (twice !== undefined)
    throw badInput(
      "also_systems",
      "system prompts that differ from each other and from that of the plain answers (--system)",
      `${twice === null ? "none" : JSON.stringify(twice)} twice`,
      "leave one out",
    );
}

function requireTurns({ templates, also_turns }: VariantPlan, thinks: boolean): void {
  if (also_turns.length > 0) requireChat("also_turns", templates);
  const twice = also_turns.find((turn, i) => also_turns.indexOf(turn) !== i);
  if (twice !== undefined) throw badInput("also_turns", "each turn once", `${twice} twice`, "leave one out");
  if (thinks && also_turns.includes("no-generation-prompt"))
    throw badInput(
      "also_turns",
      "turns in which a thought can be told from an answer, because this model thinks",
      "no-generation-prompt, after which the model writes the header of its turn before its thought",
      "--also-turns assistant,system",
    );
}

function requireChat(what: string, templates: readonly string[]): void {
  if (!templates.includes("chat"))
    throw badInput(
      what,
      "the chat template among the templates, since bare text has no turns",
      `templates ${templates.join(", ")}`,
      "--templates chat, or chat,none",
    );
}

/** Made of letters, so that no template changes it. */
const marker = "FathomPromptMarker";

/**
 * A template may refuse a turn, leave its text out, or write it as it writes another. Then the answers would not be what the report says.
 * @throws FathomError for the first variant that the template does not write as such
 */
function requireWritten(
  variants: readonly Variant[],
  plain: Condition,
  checkpoint: Checkpoint,
  day: string,
): void {
  const idsOf = (condition: Condition) =>
    encodePrompt({ id: marker, prompt: marker }, condition, checkpoint, day);
  const seen = new Map([[idsOf(plain).join(" "), "the plain prompt"]]);
  for (const variant of variants) {
    const { option, name, instead } = saidOf(variant);
    const wrong = (expected: string, found: string) =>
      badInput(option, `${expected} with ${name}`, found, instead);
    const ids = attempt(
      () => idsOf(changedBy(variant, plain)),
      (problem) => wrong("a chat template that takes a conversation", `it refuses: ${problem}`),
    );
    if (!textOf(checkpoint).tokenizer.decode(ids, { skipSpecial: false }).includes(marker))
      throw wrong("a chat template that writes the prompt", "it leaves the prompt out");
    const same = seen.get(ids.join(" "));
    if (same !== undefined)
      throw wrong("a chat template that writes something else", `what it writes for ${same}`);
    seen.set(ids.join(" "), name);
  }
}

function attempt<T>(make: () => T, failed: (problem: string) => FathomError): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof FathomError)) throw error;
    throw failed(error.problem.found);
  }
}

function saidOf(variant: Variant): { option: string; name: string; instead: string } {
  if (variant.kind === "turn") {
    const { turn } = variant;
    return {
      option: "also_turns",
      name: turn === "no-generation-prompt" ? "no generation prompt" : `the prompt in the ${turn}'s turn`,
      instead: `leave ${turn} out of --also-turns`,
    };
  }
  const system = variant.kind === "system" ? variant.system : null;
  return {
    option: "also_systems",
    name: system === null ? "no system prompt" : `the system prompt ${JSON.stringify(system)}`,
    instead: "leave it out: this template has no place for it",
  };
}
