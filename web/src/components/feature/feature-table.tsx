/** The features of one category with their numbers. An opened row shows the text that the feature is active on. */

import type { CatalogCategory } from "../../../../src/core/records/catalog.ts";
import { catalogHead, catalogRows, categoryTitle } from "../../../../src/shown/catalog-table.ts";
import { OpeningRow, useOpenings } from "../table/opening-row.tsx";
import { ScrollTable } from "../table/scroll-table.tsx";
import { FeatureContexts } from "./feature-contexts.tsx";

export function FeatureTable({ category, level }: { category: CatalogCategory; level: number }) {
  const openingOf = useOpenings();
  const head = catalogHead(level);
  return (
    <ScrollTable className="data chosen" caption={`Features of ${categoryTitle(category)}`} head={head}>
      {catalogRows(category).map(({ cells: [feature, ...cells], neuronpedia, contexts }, row) => (
        <OpeningRow
          key={feature}
          opening={openingOf(row)}
          className="expander"
          title={feature}
          columns={head.length}
          detail={() => <FeatureContexts contexts={contexts} />}
        >
          {cells.map((cell, i) => (
            <td key={head[i + 1]}>{cell}</td>
          ))}
          <td>
            {neuronpedia === null ? (
              "–"
            ) : (
              <a href={neuronpedia.link} rel="noreferrer">
                {neuronpedia.id}
              </a>
            )}
          </td>
        </OpeningRow>
      ))}
    </ScrollTable>
  );
}
