/** Shows what share of the variance the reconstruction leaves unexplained, for four groups of tokens side by side. */
import { useMemo } from "react";
import { formatCount } from "../../../src/core/format.ts";
import type { About } from "../../../src/core/records/about.ts";
import type { Finding } from "../../../src/core/records/finding.ts";
import { IntervalChart, type IntervalRow } from "../charts/interval-chart.tsx";
import { Figure } from "../components/figure.tsx";
import { FindingList } from "../components/finding/finding-list.tsx";
import { Section } from "../components/section.tsx";

type Tokens = Extract<About, { kind: "sae_fvu" }>["tokens"];

/** In the order of the chart. */
const names: Record<Tokens, string> = {
  ordinary: "Ordinary tokens",
  ordinary_without_first: "Ordinary, first left out",
  all: "All tokens",
  without_first: "All, first left out",
};

export function Fit({ findings, massive }: { findings: readonly Finding[]; massive: number }) {
  const rows = useMemo(
    () =>
      Object.entries(names).flatMap(([tokens, label]): IntervalRow[] => {
        const finding = findings.find(({ about }) => about.kind === "sae_fvu" && about.tokens === tokens);
        return finding === undefined ? [] : [{ facet: "", label, tier: null, finding, values: [] }];
      }),
    [findings],
  );
  const domain = useMemo(() => {
    const ends = rows.flatMap(({ finding }) => [finding.estimate ?? 0, ...(finding.interval ?? [])]);
    return [0, Math.max(0.01, ...ends) * 1.1] as const;
  }, [rows]);
  return (
    <Section
      id="fit"
      title="What it leaves unexplained"
      lead="The fraction of variance unexplained (FVU). It is 0 for a perfect reconstruction, and 1 for a reconstruction that is always the mean."
    >
      <Figure
        title="FVU, by which tokens are counted"
        sentence={
          massive === 0
            ? "No token here is massive, so all tokens are ordinary."
            : `${formatCount(massive)} massive ${massive === 1 ? "token is" : "tokens are"} in the figures over all tokens, and these figures mostly describe them. The figures over ordinary tokens describe the text.`
        }
        rows={rows.map(({ label, finding }) => ({ name: label, finding }))}
        file="fvu"
      >
        <IntervalChart
          label="Fraction of variance unexplained by group of tokens, with 95% intervals over texts."
          rows={rows}
          unit="FVU"
          domain={domain}
        />
      </Figure>
      <FindingList
        findings={findings.filter(({ about }) => about.kind === "sae_quality" && about.measure === "massive")}
      />
    </Section>
  );
}
