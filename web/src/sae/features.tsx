/** The features: search, sort, page, open. Only one page of rows is in the document. */
import { useDeferredValue, useId, useMemo, useState } from "react";
import type { SaeReport } from "../../../src/core/sae-report.ts";
import type { Colouring } from "../components/context-text.tsx";
import { Download } from "../components/download.tsx";
import { Pager } from "../components/pager.tsx";
import { Section } from "../components/section.tsx";
import { Select } from "../components/select.tsx";
import {
  type FeatureSort,
  type FeatureSorting,
  featureHaystacks,
  featureSorts,
  featuresCsv,
  findFeatures,
  sortFeatures,
} from "../lib/features.ts";
import { FeatureTable, featureSortWords } from "./feature-table.tsx";

const pageSize = 25;

export function Features({ data }: { data: SaeReport }) {
  const { list, chosen, contexts } = data.features;
  const [search, setSearch] = useState("");
  const [sorting, setSorting] = useState<FeatureSorting>({ key: "share", descending: true });
  const [colouring, setColouring] = useState<Colouring>("activation");
  const [page, setPage] = useState(0);
  const statusId = useId();
  const searchId = useId();

  // Typing stays quick: the table follows the text field when there is time.
  const applied = useDeferredValue(search);
  const hay = useMemo(() => featureHaystacks(list), [list]);
  const found = useMemo(
    () => sortFeatures(findFeatures(list, hay, applied), sorting),
    [list, hay, applied, sorting],
  );
  const pages = Math.max(1, Math.ceil(found.length / pageSize));
  const current = Math.min(page, pages - 1);

  return (
    <Section
      id="features"
      title="Features"
      lead={`${chosen} Open one for the text around the tokens it is active on, and for what it does to the next token.`}
    >
      <search className="filters" aria-label="Find features">
        <div className="field wide">
          <label htmlFor={searchId}>Search texts, tokens, or #number</label>
          <input
            id={searchId}
            type="search"
            value={search}
            onChange={(event) => {
              setSearch(event.target.value);
              setPage(0);
            }}
          />
        </div>
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
      <div className="table-head">
        <p role="status" id={statusId}>
          {found.length === list.length
            ? `All ${list.length} features listed`
            : `${found.length} of ${list.length} features listed`}
        </p>
        <Download name="features.csv" content={() => featuresCsv(found)}>
          Download these as CSV
        </Download>
      </div>
      {found.length === 0 ? (
        <p className="not-measured">No listed feature fits.</p>
      ) : (
        <FeatureTable
          features={found.slice(current * pageSize, (current + 1) * pageSize)}
          sorting={sorting}
          onSort={setSorting}
          colouring={colouring}
          describedBy={statusId}
        />
      )}
      <Pager
        of="features"
        page={current}
        pages={pages}
        size={pageSize}
        total={found.length}
        onPage={setPage}
      />
    </Section>
  );
}
