/** `--dry-run`: the smallest effects that a plan would find. */
import { type SmallestEffect, smallestEffects } from "../../audit/headlines/planned.ts";
import { variantsIn } from "../../core/asked/variants.ts";
import { formatValue } from "../../core/format.ts";
import type { PreparedRun } from "../../jobs/audit/prepare.ts";

export function effectsOf({ plan, prompts, manifest }: PreparedRun): SmallestEffect[] {
  const { templates, caps } = plan;
  return smallestEffects({ prompts, templates, caps, variants: variantsIn(manifest.inputs) });
}

/** @returns with an empty line before them */
export function effectLines(effects: readonly SmallestEffect[]): string[] {
  const [first] = effects;
  if (first === undefined) return [];
  return [
    "",
    `The smallest effects that this plan finds with ${formatValue(first.power, "share")} power, after the correction for the questions that are tested together:`,
    ...effects.map(({ headline, sentence }) => `  ${headline}: ${sentence}`),
  ];
}
