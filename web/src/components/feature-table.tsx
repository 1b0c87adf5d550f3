/** The features of one category: what each rests on, and, opened, the text that it is active on. */

import { Fragment, useId, useState } from "react";
import type { CatalogCategory } from "../../../src/core/catalog.ts";
import { catalogHead, catalogRows, categoryTitle } from "../../../src/core/catalog-table.ts";
import { FeatureContexts } from "./feature-contexts.tsx";
import { RowOpener } from "./row-opener.tsx";

export function FeatureTable({ category, level }: { category: CatalogCategory; level: number }) {
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const tableId = useId();
  const head = catalogHead(level);
  const caption = `Features of ${categoryTitle(category)}`;
  return (
    <section className="scroll" tabIndex={0} aria-label={caption}>
      <table className="data chosen">
        <caption className="for-readers">{caption}</caption>
        <thead>
          <tr>
            {head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {catalogRows(category).map(({ cells: [feature, ...cells], neuronpedia, contexts }, row) => {
            const isOpen = open.has(row);
            const detailId = `${tableId}-${row}`;
            return (
              <Fragment key={feature}>
                <tr className={isOpen ? "open" : ""}>
                  <th scope="row">
                    <RowOpener
                      className="expander"
                      isOpen={isOpen}
                      detailId={detailId}
                      onToggle={() => {
                        setOpen(toggled(open, row));
                      }}
                    >
                      {feature}
                    </RowOpener>
                  </th>
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
                </tr>
                {isOpen && (
                  <tr className="detail" id={detailId}>
                    <td colSpan={head.length}>
                      <FeatureContexts contexts={contexts} />
                    </td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function toggled(open: ReadonlySet<number>, row: number): ReadonlySet<number> {
  const next = new Set(open);
  if (!next.delete(row)) next.add(row);
  return next;
}
