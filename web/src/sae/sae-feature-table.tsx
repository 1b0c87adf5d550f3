/** The table of features: sortable headers, and rows that open below themselves. */
import { formatFineShare, formatNumber } from "../../../src/core/format.ts";
import type { SaeFeature } from "../../../src/core/records/sae-report.ts";
import { type Colouring, Glimpse } from "../components/feature/context-text.tsx";
import { OpeningRow, useOpenings } from "../components/table/opening-row.tsx";
import { SortHeader } from "../components/table/sort-header.tsx";
import type { FeatureSort, FeatureSorting } from "../lib/features.ts";
import { tokenWithSigns } from "../lib/signs.ts";
import { FeatureDetail } from "./feature-detail.tsx";

export const featureSortWords: Record<FeatureSort, string> = {
  feature: "Feature",
  share: "Share of tokens",
  max: "Largest activation",
  nearest: "Nearest other",
};

interface FeatureTableProps {
  features: readonly SaeFeature[];
  sorting: FeatureSorting;
  onSort: (sorting: FeatureSorting) => void;
  colouring: Colouring;
  describedBy: string;
}

export function FeatureTable({ features, sorting, onSort, colouring, describedBy }: FeatureTableProps) {
  const openingOf = useOpenings();
  const header = (name: FeatureSort, className: string) => (
    <SortHeader
      name={name}
      words={featureSortWords[name]}
      className={className}
      sorting={sorting}
      onSort={onSort}
    />
  );
  return (
    <table className="answers features" aria-describedby={describedBy}>
      <caption className="for-readers">Features, one per row</caption>
      <thead>
        <tr>
          {header("feature", "col-feature")}
          {header("share", "numeric")}
          {header("max", "numeric roomy")}
          {header("nearest", "numeric roomy")}
          <th scope="col" className="roomy plain">
            Raises
          </th>
        </tr>
      </thead>
      <tbody>
        {features.map((feature) => (
          <OpeningRow
            key={feature.feature}
            opening={openingOf(feature.feature)}
            className="opener"
            title={<Title feature={feature} />}
            columns={5}
            detail={() => <FeatureDetail feature={feature} colouring={colouring} />}
          >
            <Numbers feature={feature} />
          </OpeningRow>
        ))}
      </tbody>
    </table>
  );
}

function Title({ feature: { feature, contexts } }: { feature: SaeFeature }) {
  const [first] = contexts;
  return (
    <span>
      #{feature}
      <span className="meta">{first === undefined ? "no context" : <Glimpse context={first} />}</span>
    </span>
  );
}

function Numbers({ feature: { share, max, nearest, logits } }: { feature: SaeFeature }) {
  return (
    <>
      <td className="number">{formatFineShare(share)}</td>
      <td className="roomy number">{max === null ? "–" : formatNumber(max)}</td>
      <td className="roomy number">{nearest === null ? "–" : formatNumber(nearest.cosine)}</td>
      <td className="roomy raises">
        {logits === null
          ? "–"
          : logits.raised.slice(0, 4).map(({ id, token }) => (
              <bdi key={id} className="chip">
                {tokenWithSigns(token)}
              </bdi>
            ))}
      </td>
    </>
  );
}
