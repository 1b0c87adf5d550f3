/** Shows how many features a token has, how often a feature is active, and how near it is to another feature. */
import { useMemo } from "react";
import { formatCount, formatNumber } from "../../../src/core/format.ts";
import type { Finding } from "../../../src/core/records/finding.ts";
import type { Bin, SaeReport } from "../../../src/core/records/sae-report.ts";
import { Histogram } from "../charts/histogram.tsx";
import { DataFigure } from "../components/data-figure.tsx";
import { FindingList } from "../components/finding/finding-list.tsx";
import { Section } from "../components/section.tsx";
import { DataTable } from "../components/table/data-table.tsx";

const cells = (bins: readonly Bin[]) =>
  bins.map(({ from, to, count }) => [formatNumber(from), formatNumber(to), count]);
const share = (log: number) => `${formatNumber(10 ** log * 100)}%`;

export function Sparsity({ data }: { data: SaeReport }) {
  const { l0, density, sae, findings } = data;
  const rules = useMemo(
    () => [
      { x: Math.log10(density.dense_above), text: `dense: above ${share(Math.log10(density.dense_above))}` },
    ],
    [density.dense_above],
  );
  const drawn = useMemo(() => centred(l0), [l0]);
  const decades = useMemo(() => {
    const ends = density.bins.flatMap(({ from, to }) => [from, to]);
    return [...new Set(ends)].filter(Number.isInteger);
  }, [density.bins]);
  const [fewest, most] = [l0[0]?.from ?? 0, (l0.at(-1)?.to ?? 1) - 1];
  return (
    <Section
      id="sparsity"
      title="How many features are active, and how often"
      lead="A sparse code describes a token by few of many features. A feature that is never active is wasted. A feature that is nearly always active says little."
    >
      <div className="pair">
        <DataFigure
          title="Active features per token"
          sentence={
            fewest === most
              ? `Every token has ${formatCount(fewest)}.`
              : `From ${formatCount(fewest)} to ${formatCount(most)} of ${formatCount(sae.d_sae)}, massive tokens left out.`
          }
          head={["From", "Below", "Tokens"]}
          rows={cells(l0)}
          file="l0"
        >
          <Histogram
            label={`Tokens by their number of active features, from ${fewest} to ${most}.`}
            bins={drawn.bins}
            ticks={drawn.ticks}
            x="Active features"
            y="Tokens"
          />
        </DataFigure>
        <DataFigure
          title="How often a feature is active"
          sentence={`${formatCount(density.never)} of ${formatCount(sae.d_sae)} features are never active here and are not drawn; ${formatCount(density.dense)} are dense.`}
          head={["From, log10 share", "Below", "Features"]}
          rows={cells(density.bins)}
          file="density"
        >
          <Histogram
            label="Features by the share of tokens on which they are active, on a logarithmic axis."
            bins={density.bins}
            x="Share of tokens"
            y="Features"
            format={share}
            ticks={decades}
            rules={rules}
          />
        </DataFigure>
      </div>
      <FindingList findings={findings.filter(({ group }) => group === "sparsity")} />
    </Section>
  );
}

/** Centres bars of one whole number each over that number, and leaves room at the sides if there are few bars. */
function centred(bins: readonly Bin[]): { bins: Bin[]; ticks?: number[] } {
  const [first, last] = [bins[0], bins.at(-1)];
  if (first === undefined || last === undefined || first.to - first.from !== 1) return { bins: [...bins] };
  const room = bins.length < 5 ? 3 : 0;
  const empty = (from: number) => ({ from, to: from + 1, count: 0 });
  const all = [
    ...Array.from({ length: Math.min(room, first.from) }, (_, i) => empty(first.from - i - 1)).toReversed(),
    ...bins,
    ...Array.from({ length: room }, (_, i) => empty(last.to + i)),
  ];
  const every = Math.ceil(all.length / 10);
  return {
    bins: all.map(({ from, to, count }) => ({ from: from - 0.5, to: to - 0.5, count })),
    ticks: all.map(({ from }) => from).filter((_, i) => i % every === 0),
  };
}

export function Redundancy({ data }: { data: SaeReport }) {
  const { redundancy, findings } = data;
  const own = findings.filter(({ group }) => group === "redundancy");
  const rules = useMemo(() => randomRule(own[0]), [own[0]]);
  return (
    <Section
      id="redundancy"
      title="Whether two features say the same"
      lead="For every decoder row, its cosine with the nearest other row. A cosine of 1 means that two features have the same direction."
    >
      <DataFigure
        title="Cosine with the nearest other feature"
        sentence={
          redundancy.measured < redundancy.of
            ? `A sample of ${formatCount(redundancy.measured)} of ${formatCount(redundancy.of)} features. Each is compared with all others.`
            : `All ${formatCount(redundancy.of)} features that have a direction. Each is compared with all others.`
        }
        head={["From", "Below", "Features"]}
        rows={cells(redundancy.bins)}
        file="nearest-cosine"
      >
        <Histogram
          label="Features by the cosine of their decoder row with the nearest other row."
          bins={redundancy.bins}
          x="Cosine"
          y="Features"
          rules={rules}
        />
      </DataFigure>
      <FindingList findings={own} />
      {redundancy.pairs.length > 0 && (
        <details className="long">
          <summary>The {redundancy.pairs.length} nearest pairs</summary>
          <DataTable
            caption="Pairs of features whose decoder rows are nearest to each other"
            head={["Features", "Cosine"]}
            rows={redundancy.pairs.map(({ features, cosine }) => [
              `#${features[0]} and #${features[1]}`,
              formatNumber(cosine),
            ])}
          />
        </details>
      )}
    </Section>
  );
}

function randomRule(finding: Finding | undefined) {
  const chance = finding?.control.estimate ?? null;
  return chance === null ? [] : [{ x: chance, text: "random directions" }];
}
