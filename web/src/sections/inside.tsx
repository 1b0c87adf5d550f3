/** Shows whether the internals agree with the answers: D by tier and by label, each with its null distribution, for every SAE. */
import { useMemo } from "react";
import type { Finding } from "../../../src/core/records/finding.ts";
import type { RowDigest } from "../../../src/core/results/digest.ts";
import { IntervalChart, type IntervalRow } from "../charts/interval-chart.tsx";
import { Legend, tierOrder } from "../charts/marks.tsx";
import { FeatureCatalog } from "../components/feature/feature-catalog.tsx";
import { Figure } from "../components/figure.tsx";
import { FindingList } from "../components/finding/finding-list.tsx";
import { NotMeasured } from "../components/not-measured.tsx";
import { Section } from "../components/section.tsx";
import type { PageReport } from "../lib/data.ts";
import { type Grouped, groupFindings, rowName } from "../lib/groups.ts";
import { firstSentence } from "../lib/sentences.ts";

interface InsideProps {
  data: PageReport;
  /** The findings that are about the first SAE, or about none. */
  first: Grouped;
  /** The findings about the other SAEs, by key. */
  others: ReadonlyMap<string, readonly Finding[]>;
}

export function Inside({ data, first, others }: InsideProps) {
  const { insides } = data;
  return (
    <Section
      id="inside"
      title="What the internals say"
      detail
      lead="D is 0 if the model's features point the same way as its words, and 1 if the two are unrelated. D alone says little. Compare it with its controls: what the label alone gives, and what chance gives."
    >
      {insides.length < 2 ? (
        <View data={data} place={0} found={first} />
      ) : (
        insides.map(({ sae, name, layer }, place) => (
          <div key={sae} className="through">
            <h3>
              Through {name}, after block {layer}:{" "}
              {place === 0 ? "the headline is about this SAE" : "not part of the headline"}
            </h3>
            <View
              data={data}
              place={place}
              found={place === 0 ? first : groupFindings(others.get(sae) ?? [])}
            />
          </div>
        ))
      )}
    </Section>
  );
}

/** The view through one SAE. @param place index of the SAE in `insides` */
function View({ data, place, found }: { data: PageReport; place: number; found: Grouped }) {
  const { divergenceTier: tiers, divergenceLabel: labels, divergence } = found;
  const isFirst = place === 0;
  const byTier = useMemo(
    () =>
      tiers.map((finding): IntervalRow => {
        const { about } = finding;
        const tier = about.kind === "divergence_by_tier" ? about.tier : null;
        const values = depths(data.rows, place, (row) => row.panel === "main" && row.tier === tier);
        return { facet: "", label: rowName(finding), tier, finding, values };
      }),
    [data, tiers, place],
  );
  const byLabel = useMemo(
    () =>
      labels.map((finding): IntervalRow => {
        const { about } = finding;
        const label = about.kind === "divergence_by_label" ? about.label : null;
        const values = depths(data.rows, place, (row) => row.verdicts.at(-1)?.outcome === label);
        return { facet: "", label: rowName(finding), tier: null, finding, values };
      }),
    [data, labels, place],
  );
  const domain = useMemo(() => {
    const ends = [...byTier, ...byLabel].flatMap(({ values, finding }) => [
      ...values,
      ...(finding.interval ?? []),
      ...(finding.control.interval ?? []),
    ]);
    return [
      0,
      Math.min(
        2,
        ends.reduce((most, end) => Math.max(most, end), 1),
      ),
    ] as const;
  }, [byTier, byLabel]);

  const measured = [...tiers, ...labels, ...divergence].some(({ estimate }) => estimate !== null);
  const catalog = data.insides[place]?.catalog ?? null;
  const file = isFirst ? "divergence" : `divergence-${place + 1}`;
  return (
    <>
      {!measured ? (
        <NotMeasured what="This run has no D: no answer has both a verdict and features to compare it with. The rest of the report does not need D." />
      ) : (
        <>
          <Legend
            tiers={tierOrder}
            notes={["Thin ticks: single answers", "Grey cross and dashes: shuffled features, the control"]}
          />
          <div className="pair">
            {[
              { title: "By tier", rows: byTier, file: `${file}-tier` },
              { title: "By outcome of the answer", rows: byLabel, file: `${file}-label` },
            ]
              .filter(({ rows }) => rows.length > 0)
              .map(({ title, rows, file }) => (
                <Figure
                  key={file}
                  title={title}
                  sentence={firstSentence(rows.map(({ finding }) => finding).reverse())}
                  file={file}
                  rows={rows.map(({ label, finding }) => ({ name: label, finding }))}
                >
                  <IntervalChart
                    label={`Divergence D, ${title.toLowerCase()}, with its control.`}
                    rows={rows}
                    unit="D"
                    domain={domain}
                    controls
                  />
                </Figure>
              ))}
          </div>
        </>
      )}
      {/* The first SAE's flags are in their own section. */}
      <FindingList findings={isFirst ? divergence : [...divergence, ...found.flags]} />
      {catalog !== null && <FeatureCatalog catalog={catalog} />}
    </>
  );
}

function depths(rows: readonly RowDigest[], place: number, of: (row: RowDigest) => boolean): number[] {
  return rows.filter(of).flatMap(({ D }) => D[place] ?? []);
}
