/** The features that D rests on, a category a click away: how strong each is, and whether another draw would choose it. */
import type { Catalog } from "../../../src/core/catalog.ts";
import {
  catalogHead,
  catalogLead,
  catalogRows,
  categorySentence,
  categoryTitle,
} from "../../../src/core/catalog-table.ts";
import { DataTable } from "./data-table.tsx";

export function FeatureCatalog({ catalog }: { catalog: Catalog }) {
  return (
    <>
      <h3>Features of each category</h3>
      <p>{catalogLead(catalog)}</p>
      {catalog.categories.map((category) => (
        <details key={category.name}>
          <summary>
            {categoryTitle(category)}, {category.features.length}{" "}
            {category.features.length === 1 ? "feature" : "features"}
          </summary>
          <p>{categorySentence(category)}</p>
          <DataTable
            caption={`Features of ${categoryTitle(category)}`}
            head={catalogHead(catalog.level)}
            rows={catalogRows(category).map(({ cells, neuronpedia }) => [
              ...cells,
              neuronpedia === null ? (
                "–"
              ) : (
                <a href={neuronpedia.link} rel="noreferrer">
                  {neuronpedia.id}
                </a>
              ),
            ])}
          />
        </details>
      ))}
    </>
  );
}
