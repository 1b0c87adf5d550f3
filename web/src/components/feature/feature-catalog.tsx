/**
 * The features that D is made from, by category: how strong they are, how often they would be chosen again, and where they are
 * active.
 */

import type { Catalog } from "../../../../src/core/records/catalog.ts";
import { catalogLead, categorySentence, categoryTitle } from "../../../../src/shown/catalog-table.ts";
import { FeatureTable } from "./feature-table.tsx";

export function FeatureCatalog({ catalog }: { catalog: Catalog }) {
  return (
    <div className="catalog">
      <h3>Features of each category</h3>
      <p>{catalogLead(catalog)}</p>
      {catalog.categories.map((category) => (
        <details key={category.name}>
          <summary>
            {categoryTitle(category)}, {category.features.length}{" "}
            {category.features.length === 1 ? "feature" : "features"}
          </summary>
          <p>{categorySentence(category)}</p>
          <FeatureTable category={category} level={catalog.level} />
        </details>
      ))}
    </div>
  );
}
