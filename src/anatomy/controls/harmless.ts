/** What an ablation does to harmless prompts. It can cause refusals there, so both directions are counted. */
import {
  type Interval,
  mcnemarExact,
  type PairedCounts,
  pairedCounts,
  pairedNewcombe,
} from "../../stats/proportion.ts";
import type { FeatureSet, Subject } from "../subject/subject.ts";
import { answerKind, type Tally, tally } from "../trial/tally.ts";

export interface HarmlessEffect {
  clean: Tally;
  ablated: Tally;
  /** Prompts that refuse with the set ablated and not without it (`firstOnly`), and the reverse (`secondOnly`). */
  counts: PairedCounts;
  /** Refusal rate with the set ablated less the clean one. */
  difference: number;
  interval: Interval;
  /** Exact McNemar test. */
  p: number;
}

/** @param prompts harmless prompts, one per cluster */
export async function onHarmless(
  subject: Subject,
  prompts: readonly number[],
  set: FeatureSet,
  level: number,
): Promise<HarmlessEffect> {
  const judged = await subject.judged([set, []].flatMap((off) => prompts.map((prompt) => ({ prompt, off }))));
  const [ablated, clean] = [judged.slice(0, prompts.length), judged.slice(prompts.length)];
  const refuses = (rows: typeof judged) => rows.map((judgement) => answerKind(judgement) === "refused");
  const counts = pairedCounts(refuses(ablated), refuses(clean));
  return {
    ...{ clean: tally(clean), ablated: tally(ablated), counts },
    difference: (counts.firstOnly - counts.secondOnly) / prompts.length,
    interval: pairedNewcombe(counts, level),
    p: mcnemarExact(counts.firstOnly, counts.secondOnly),
  };
}
