/** Gives prompts the features of other prompts. This is the null distribution of everything that links labels and features. */
import type { Random } from "../../core/random.ts";
import type { Activated } from "./categories.ts";

/**
 * Decides whose features each answer gets. Samples of one prompt move together, because they are not independent of each other.
 * @returns [answers], the index of the answer whose features it gets
 */
export function dealtPlaces(answers: readonly Pick<Activated, "answer">[], random: Random): number[] {
  const byPrompt = new Map<string, number[]>();
  answers.forEach(({ answer }, i) => {
    byPrompt.set(answer.prompt.id, [...(byPrompt.get(answer.prompt.id) ?? []), i]);
  });
  const prompts = [...byPrompt.values()];
  const dealt = random.shuffle(prompts);
  const places = new Array<number>(answers.length);
  prompts.forEach((members, p) => {
    const donors = dealt[p]!;
    members.forEach((i, sample) => {
      places[i] = donors[sample % donors.length]!;
    });
  });
  return places;
}

/** The answers with other prompts' features. */
export function dealPrompts(answers: readonly Activated[], random: Random): Activated[] {
  const places = dealtPlaces(answers, random);
  return answers.map(({ answer }, i) => ({ answer, activations: answers[places[i]!]!.activations }));
}
