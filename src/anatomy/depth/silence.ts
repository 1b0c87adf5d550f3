/**
 * Which candidates are silent, and which wake when others are ablated. Silence is meant per prompt: 0 at every token of the prompt and of
 * its clean answer, and at every token of the answers that comply with harmless prompts. What a compliant text needs is no recruit. A
 * harmless prompt that is refused says nothing about it.
 */
import { setOf } from "../subject/feature-set.ts";
import type { FeatureSet, Subject } from "../subject/subject.ts";

/** Activity without any ablation. */
export interface CleanActivity {
  /** Prompt index → [candidates]: 1 where the candidate is active on the prompt, its clean answer, or a compliant harmless answer. */
  active: ReadonlyMap<number, Uint8Array>;
  /** [candidates]: on how many of the harmful prompts the candidate is active. */
  harmfulPrompts: Uint32Array;
}

/**
 * @param harmful every harmful prompt that will be looked at, of all splits
 * @param harmless as many as there are; those whose clean answers comply count
 */
export async function cleanActivity(
  subject: Subject,
  harmful: readonly number[],
  harmless: readonly number[],
): Promise<CleanActivity> {
  const judged = await subject.judged(harmless.map((prompt) => ({ prompt, off: [] })));
  const compliant = harmless.filter((_, i) => judged[i]!.outcome === "comply");
  const rows = await subject.activity(harmful.map((prompt) => ({ prompt, off: [] })));
  const onHarmless = await subject.activity(
    compliant.map((prompt) => ({ prompt, off: [], within: "answer" as const })),
  );
  const harmfulPrompts = new Uint32Array(subject.candidates.length);
  const active = new Map<number, Uint8Array>();
  harmful.forEach((prompt, i) => {
    const own = Uint8Array.from(rows[i]!, (a, f) => {
      if (a !== 0) harmfulPrompts[f]!++;
      return a !== 0 || onHarmless.some((row) => row[f] !== 0) ? 1 : 0;
    });
    active.set(prompt, own);
  });
  return { active, harmfulPrompts };
}

/** Candidates that are silent on the clean run of a prompt. */
export function silentOnClean({ active }: CleanActivity, prompt: number): FeatureSet {
  return [...active.get(prompt)!.keys()].filter((f) => active.get(prompt)![f] === 0);
}

/** What an ablation wakes. */
export interface Waking {
  /** Candidates that are silent on the clean run of this prompt and still are. They may be held. */
  silent: (prompt: number) => FeatureSet;
  /** Candidates that were silent on the clean run of this prompt and are not any more, with their largest activation. */
  woken: (prompt: number) => ReadonlyMap<number, number>;
  /** All that woke on any of the prompts. */
  all: FeatureSet;
}

/** @param ablated what is ablated; its members are neither silent nor woken */
export async function wakingUnder(
  subject: Subject,
  clean: CleanActivity,
  prompts: readonly number[],
  ablated: FeatureSet,
): Promise<Waking> {
  const rows = await subject.activity(prompts.map((prompt) => ({ prompt, off: ablated })));
  return wakingOf(clean, prompts, rows, ablated);
}

/** @param rows [prompts][candidates], activity under the ablation */
export function wakingOf(
  { active }: CleanActivity,
  prompts: readonly number[],
  rows: readonly Float32Array[],
  ablated: FeatureSet,
): Waking {
  const gone = new Set(ablated);
  const silent = new Map<number, number[]>();
  const woken = new Map<number, Map<number, number>>();
  prompts.forEach((prompt, i) => {
    const before = active.get(prompt)!;
    const [still, now] = [[] as number[], new Map<number, number>()];
    rows[i]!.forEach((activation, f) => {
      if (before[f] === 1 || gone.has(f)) return;
      if (activation === 0) still.push(f);
      else now.set(f, activation);
    });
    silent.set(prompt, still);
    woken.set(prompt, now);
  });
  return {
    silent: (prompt) => silent.get(prompt)!,
    woken: (prompt) => woken.get(prompt)!,
    all: setOf([...woken.values()].flatMap((now) => [...now.keys()])),
  };
}
