/**
 * Variants: the ways in which some prompts are asked again under the chat template. Each changes one thing of the plain condition, which
 * all other numbers are about, and each is compared with the plain answers to the same prompts. This file does not import zod, which
 * keeps the page's bundle small.
 */
import type { OtherTurn } from "../records/fields/turns.ts";
import type { Condition, OtherSystem, Prefill } from "../records/observation.ts";
import type { Prompt, Tier } from "../records/prompt.ts";
import type { AskedAgain } from "../records/words.ts";

/** Another beginning of the answer, another system prompt, or another turn. */
export type Variant =
  | ({ kind: "prefill" } & Prefill)
  | ({ kind: "system" } & OtherSystem)
  | { kind: "turn"; turn: OtherTurn };

/** What a run's inputs say of its variants. */
interface Declared {
  prefills: readonly Prefill[];
  plan: { also_systems: readonly (string | null)[]; also_turns: readonly OtherTurn[] };
}

/** In the order in which they are asked: prefills, system prompts, turns. */
export const variantsIn = ({ prefills, plan: { also_systems, also_turns } }: Declared): Variant[] => [
  ...prefills.map((prefill) => ({ kind: "prefill", ...prefill }) as const),
  ...also_systems.map((system, i) => ({ kind: "system", n: i + 1, system }) as const),
  ...also_turns.map((turn) => ({ kind: "turn", turn }) as const),
];

export type OfKind<K extends Variant["kind"]> = Extract<Variant, { kind: K }>;
export const ofKind = <K extends Variant["kind"]>(kind: K, variants: readonly Variant[]): OfKind<K>[] =>
  variants.filter((variant): variant is OfKind<K> => variant.kind === kind);

/** The tiers whose prompts, of the main panel, are asked again. An opening is for the answers that it would change. */
export function tiersOf(variant: Variant): readonly Tier[] {
  if (variant.kind !== "prefill") return ["hazard_adjacent", "benign"];
  return [tierOfOpening[variant.opening]];
}

/** The tier of the prompts that are asked again after an opening. */
export const tierOfOpening = { comply: "hazard_adjacent", refuse: "benign" } as const;

/** Whether a prompt is asked again under the variant. */
export const isAskedUnder = (variant: Variant, { tier, panel }: Pick<Prompt, "tier" | "panel">): boolean =>
  panel === "main" && tiersOf(variant).includes(tier);

/** The plain condition of the chat template, with what the variant changes. */
export function changedBy(variant: Variant, plain: Condition): Condition {
  switch (variant.kind) {
    case "prefill":
      return { ...plain, prefill: variant.text };
    case "system":
      return { ...plain, system: variant.system };
    case "turn":
      return { ...plain, turn: variant.turn };
  }
}

type Told = Pick<Condition, "template" | "system" | "prefill" | "turn">;

/** The variant under which an answer was given; null for a plain one. @param variants those of the run */
export function variantOf<V extends Variant>(condition: Told, variants: readonly V[]): V | null {
  return variants.find((variant) => isUnder(variant, condition)) ?? null;
}

/** The plain condition has another system prompt than every variant that changes it, and bare text has none. */
function isUnder(variant: Variant, { template, system, prefill, turn }: Told): boolean {
  if (template !== "chat") return false;
  if (variant.kind === "turn") return turn === variant.turn;
  if (variant.kind === "prefill") return prefill === variant.text;
  return prefill === null && turn === "user" && system === variant.system;
}

/** The system prompt with which a prompt was asked again; null if it is that of the plain answers. */
export function otherSystemIn(condition: Told, variants: readonly Variant[]): OtherSystem | null {
  const variant = variantOf(condition, ofKind("system", variants));
  return variant === null ? null : { n: variant.n, system: variant.system };
}

/** What the variant changes, as words are made of it. */
export const againOf = (variant: Variant): AskedAgain => ({
  prefill: variant.kind === "prefill" ? variant.text : null,
  turn: variant.kind === "turn" ? variant.turn : "user",
  other_system: variant.kind === "system" ? { n: variant.n, system: variant.system } : null,
});

/** Whether both are the same, whatever their places in their plans. Another tokenizer may cut an opening elsewhere: its text decides. */
export function isSameVariant(one: Variant, other: Variant): boolean {
  switch (one.kind) {
    case "prefill":
      return other.kind === "prefill" && one.opening === other.opening && one.text === other.text;
    case "system":
      return other.kind === "system" && one.system === other.system;
    case "turn":
      return other.kind === "turn" && one.turn === other.turn;
  }
}
