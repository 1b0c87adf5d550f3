/** Prompts of one cluster are not independent: what is tested over prompts is tested over the means of their clusters. */
import { groupBy } from "../../stats/group.ts";
import { mean } from "../../stats/summary.ts";
import type { Subject } from "./subject.ts";

/** @param values [prompts] @returns [clusters], in the order in which they first come */
export function clusterMeans(
  subject: Pick<Subject, "prompts">,
  prompts: readonly number[],
  values: readonly number[],
): number[] {
  const items = prompts.map((prompt, i) => ({
    cluster: subject.prompts[prompt]!.cluster,
    value: values[i]!,
  }));
  return [...groupBy(items, ({ cluster }) => cluster).values()].map((own) =>
    mean(own.map(({ value }) => value)),
  );
}
