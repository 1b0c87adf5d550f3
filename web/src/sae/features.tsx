/** The features: search, sort, page, open. */
import { useDeferredValue, useMemo, useState } from "react";
import type { SaeReport } from "../../../src/core/records/sae-report.ts";
import type { Colouring } from "../components/feature/context-text.tsx";
import { Section } from "../components/section.tsx";
import { FoundRows } from "../components/table/found-rows.tsx";
import { SearchField } from "../components/table/search-field.tsx";
import { Select } from "../components/table/select.tsx";
import {
  type FeatureSort,
  type FeatureSorting,
  featureHaystacks,
  featureSorts,
  featuresCsv,
  findFeatures,
  sortFeatures,
} from "../lib/features.ts";
import { FeatureTable, featureSortWords } from "./sae-feature-table.tsx";

const pageSize = 25;

export function Features({ data }: { data: SaeReport }) {
  const { list, chosen, contexts } = data.features;
  const [search, setSearch] = useState("");
  const [sorting, setSorting] = useState<FeatureSorting>({ key: "share", descending: true });
  const [colouring, setColouring] = useState<Colouring>("activation");
  const [page, setPage] = useState(0);

  // Typing stays quick: the table follows the text field when there is time.
  const applied = useDeferredValue(search);
  const hay = useMemo(() => featureHaystacks(list), [list]);
  const found = useMemo(
    () => sortFeatures(findFeatures(list, hay, applied), sorting),
    [list, hay, applied, sorting],
  );

  return (
    <Section
      id="features"
      title="Features"
      lead={`${chosen} Open one for the text around the tokens it is active on, and for what it does to the next token.`}
    >
      <search className="filters" aria-label="Find features">
        <SearchField
          label="Search texts, tokens, or #number"
          value={search}
          onChange={(words) => {
            setSearch(words);
            setPage(0);
          }}
        />
        <Select
          label="Sorted by"
          value={sorting.key}
          options={featureSorts.map((key) => [key, featureSortWords[key]])}
          onChange={(key) => {
            setSorting({ key: key as FeatureSort, descending: key !== "feature" });
          }}
        />
        <Select
          label="Tokens coloured by"
          value={colouring}
          options={[
            ["activation", "Activation"],
            ["position", "Position in the text"],
          ]}
          onChange={(by) => {
            setColouring(by as Colouring);
          }}
        />
      </search>
      <p className="caption legend-line">
        {contexts}{" "}
        {colouring === "activation"
          ? "The stronger the colour, the larger the activation beside the feature's largest; active tokens are underlined."
          : "The stronger the colour, the later the token in its text; active tokens are underlined."}
      </p>
      <FoundRows
        of="features"
        found={found}
        total={list.length}
        remark=" listed"
        none="No listed feature fits."
        csv={() => featuresCsv(found)}
        size={pageSize}
        page={page}
        onPage={setPage}
      >
        {(shown, statusId) => (
          <FeatureTable
            features={shown}
            sorting={sorting}
            onSort={setSorting}
            colouring={colouring}
            describedBy={statusId}
          />
        )}
      </FoundRows>
    </Section>
  );
}
