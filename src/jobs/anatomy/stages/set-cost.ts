/** How far ablating a set changes what the model says to harmless test prompts and of neutral sentences, beside sets like it. */
import type { Control } from "../../../anatomy/controls/matched.ts";
import type { FeatureSet } from "../../../anatomy/subject/subject.ts";
import { mean } from "../../../stats/summary.ts";
import type { Damage } from "../subject/distances.ts";
import { promptsOf, type Stage } from "./stage.ts";

/** A set's effect on some texts. */
export interface SetDistance {
  /** Clusters [texts] that are independent. */
  clusters: string[];
  /** [texts] */
  damage: Damage[];
  /** [controls] means over the texts. */
  controls: Damage[];
}

export interface SetCost {
  /** Clean answers to harmless test prompts; null if none has a token. */
  answers: SetDistance | null;
  /** Neutral sentences; null if the tokenizer cannot write them. */
  sentences: SetDistance | null;
}

export async function setCost(
  stage: Stage,
  features: FeatureSet,
  controls: readonly Control[],
): Promise<SetCost> {
  const { subject, plan } = stage;
  const { readings } = subject;
  const prompts = promptsOf(stage, "test", "harmless")
    .filter((prompt) => subject.hasAnswer(prompt))
    .slice(0, plan.sizes.control_prompts);
  const sentences = Array.from({ length: readings.sentenceCount }, (_, i) => i);
  const over = async (texts: readonly number[], measure: typeof readings.damage) => {
    if (texts.length === 0) return null;
    const arms = [{ off: features }, ...controls];
    const rows = await measure(arms.flatMap((arm) => texts.map((prompt) => ({ prompt, ...arm }))));
    const own = (arm: number) => rows.slice(arm * texts.length, (arm + 1) * texts.length);
    return { damage: own(0), controls: controls.map((_, i) => meanDamage(own(1 + i))) };
  };
  const answers = await over(prompts, (asks) => readings.damage(asks));
  const read = await over(sentences, (asks) => readings.onSentences(asks));
  return {
    answers: answers && {
      ...answers,
      clusters: prompts.map((prompt) => subject.prompts[prompt]!.cluster),
    },
    sentences: read && { ...read, clusters: sentences.map(String) },
  };
}

const meanDamage = (damage: readonly Damage[]): Damage => ({
  kl: mean(damage.map(({ kl }) => kl)),
  crossEntropy: mean(damage.map(({ crossEntropy }) => crossEntropy)),
  agrees: mean(damage.map(({ agrees }) => agrees)),
});
