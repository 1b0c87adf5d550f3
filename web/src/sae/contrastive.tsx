/** The verdict on the contrastive term of a training, found or not, with the results of all its trainings. */

import { formatNumber } from "../../../src/core/format.ts";
import type { ArmFigures, ContrastiveVerdict } from "../../../src/core/records/contrastive-verdict.ts";
import { Findings } from "../components/finding/finding-list.tsx";
import { DataTable } from "../components/table/data-table.tsx";

const trainings = [
  ["with", "with the term"],
  ["without", "without the term"],
  ["random", "with random tiers"],
] as const;

export function Contrastive({ verdict: { finding, seeds } }: { verdict: ContrastiveVerdict }) {
  const figures = ({ separation, nearest_own, unexplained }: ArmFigures, prompts: number) => [
    formatNumber(separation),
    `${nearest_own} of ${prompts}`,
    formatNumber(unexplained),
  ];
  const rows = seeds.flatMap(({ seed, prompts, ...arms }) =>
    trainings.flatMap(([arm, words]) => {
      const of = arms[arm];
      return of === null ? [] : [[`${seed}, ${words}`, ...figures(of, prompts)]];
    }),
  );
  return (
    <>
      <Findings findings={[finding]} />
      <DataTable
        caption="Result of each training, by seed"
        head={["Seed and training", "Separation", "Nearest to their own tier", "Variance unexplained"]}
        rows={rows}
        captionVisible
      />
    </>
  );
}
