/** Judges an answer by the rules, in memory: of an answer that was generated under an edit, only the judgement is kept. */
import type { Judgement } from "../../../anatomy/subject/subject.ts";
import { judgeText } from "../../../judges/rules.ts";
import { type Checkpoint, textOf } from "../../../model/checkpoint/checkpoint.ts";
import type { Generation } from "../../../model/engine/generation.ts";

/** @param prompt the user's text */
export function judgedAnswer(
  { ids, finish }: Pick<Generation, "ids" | "finish">,
  prompt: string,
  checkpoint: Checkpoint,
): Judgement {
  const text = textOf(checkpoint).tokenizer.decode([...ids], { skipSpecial: true });
  const { outcome, coherence } = judgeText({ text, prompt, cut: finish !== "stop", tokens: ids.length });
  return { outcome, coherence: coherence?.kind ?? "fine" };
}
