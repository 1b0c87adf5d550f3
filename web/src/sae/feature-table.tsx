/** The table of features: sortable headers, and rows that open below themselves. */

import { Fragment, useId, useState } from "react";
import { formatFineShare, formatNumber } from "../../../src/core/format.ts";
import type { SaeFeature } from "../../../src/core/sae-report.ts";
import { type Colouring, Glimpse } from "../components/context-text.tsx";
import { RowOpener } from "../components/row-opener.tsx";
import { SortHeader } from "../components/sort-header.tsx";
import type { FeatureSort, FeatureSorting } from "../lib/features.ts";
import { visibleAlone } from "../lib/visible.ts";
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
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const tableId = useId();
  const toggle = (feature: number) => {
    const next = new Set(open);
    if (!next.delete(feature)) next.add(feature);
    setOpen(next);
  };
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
      <caption className="for-readers">Features, one a row</caption>
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
        {features.map((feature) => {
          const isOpen = open.has(feature.feature);
          const detailId = `${tableId}-${feature.feature}`;
          return (
            <Fragment key={feature.feature}>
              <tr className={isOpen ? "open" : ""}>
                <FeatureCells
                  feature={feature}
                  isOpen={isOpen}
                  detailId={detailId}
                  onToggle={() => {
                    toggle(feature.feature);
                  }}
                />
              </tr>
              {isOpen && (
                <tr className="detail" id={detailId}>
                  <td colSpan={5}>
                    <FeatureDetail feature={feature} colouring={colouring} />
                  </td>
                </tr>
              )}
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}

interface FeatureCellsProps {
  feature: SaeFeature;
  isOpen: boolean;
  detailId: string;
  onToggle: () => void;
}

function FeatureCells({ feature, isOpen, detailId, onToggle }: FeatureCellsProps) {
  const { contexts, share, max, nearest, logits } = feature;
  const [first] = contexts;
  return (
    <>
      <th scope="row">
        <RowOpener className="opener" isOpen={isOpen} detailId={detailId} onToggle={onToggle}>
          <span>
            #{feature.feature}
            <span className="meta">{first === undefined ? "no context" : <Glimpse context={first} />}</span>
          </span>
        </RowOpener>
      </th>
      <td className="number">{formatFineShare(share)}</td>
      <td className="roomy number">{max === null ? "–" : formatNumber(max)}</td>
      <td className="roomy number">{nearest === null ? "–" : formatNumber(nearest.cosine)}</td>
      <td className="roomy raises">
        {logits === null
          ? "–"
          : logits.raised.slice(0, 4).map(({ id, token }) => (
              <bdi key={id} className="chip">
                {visibleAlone(token)}
              </bdi>
            ))}
      </td>
    </>
  );
}
