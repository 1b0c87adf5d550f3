/** The filters of the table of answers. Choices that do not occur in the run are not shown. */
import { useMemo } from "react";
import { outcomeWords, tierWords } from "../../../../src/core/records/words.ts";
import type { PageReport } from "../../lib/data.ts";
import {
  askedChoices,
  type Filters,
  type Sorting,
  type SortKey,
  sortKeys,
  verdictAt,
} from "../../lib/rows.ts";
import { SearchField } from "../table/search-field.tsx";
import { Select } from "../table/select.tsx";
import { sortWords } from "./answer-table.tsx";

interface FilterBarProps {
  data: PageReport;
  filters: Filters;
  sorting: Sorting;
  onFilter: (filters: Filters) => void;
  onSort: (sorting: Sorting) => void;
}

export function FilterBar({ data, filters, sorting, onFilter, onSort }: FilterBarProps) {
  const { rows, plan, details } = data;
  const offered = useMemo(() => {
    const framings = [...new Set(rows.map(({ framing }) => framing))].sort();
    const panels = [...new Set(rows.map(({ panel }) => panel))];
    const languages = [...new Set(rows.flatMap(({ language }) => language ?? []))].sort();
    const seen = new Set(rows.flatMap((row) => plan.caps.map((cap) => verdictAt(row, cap)?.outcome)));
    return {
      framings,
      asked: askedChoices(rows),
      panels,
      languages,
      outcomes: Object.entries(outcomeWords).filter(([name]) => seen.has(name as never)),
    };
  }, [rows, plan]);
  const all = (entries: readonly (readonly [string, string])[]) => [["", "All"] as const, ...entries];
  const set = (change: Partial<Filters>) => {
    onFilter({ ...filters, ...change });
  };

  return (
    <search className="filters" aria-label="Filter the answers">
      <SearchField
        label={
          details === null
            ? "Search prompts and answers"
            : `Search the first ${details.searched.prompt} characters of prompts and ${details.searched.answer} of answers`
        }
        value={filters.search}
        onChange={(search) => {
          set({ search });
        }}
      />
      <Select
        label="Tier"
        value={filters.tier}
        options={all(Object.entries(tierWords))}
        onChange={(tier) => {
          set({ tier });
        }}
      />
      <Select
        label="Framing"
        value={filters.framing}
        options={all(offered.framings.map((name) => [name, name]))}
        onChange={(framing) => {
          set({ framing });
        }}
      />
      {offered.asked.length > 1 && (
        <Select
          label="Template"
          value={filters.template}
          options={all(offered.asked)}
          onChange={(template) => {
            set({ template });
          }}
        />
      )}
      {offered.panels.length > 1 && (
        <Select
          label="Panel"
          value={filters.panel}
          options={all(offered.panels.map((name) => [name, name]))}
          onChange={(panel) => {
            set({ panel });
          }}
        />
      )}
      {offered.languages.length > 1 && (
        <Select
          label="Language"
          value={filters.language}
          options={all(offered.languages.map((name) => [name, name]))}
          onChange={(language) => {
            set({ language });
          }}
        />
      )}
      <Select
        label="Outcome"
        value={filters.outcome}
        options={all(offered.outcomes)}
        onChange={(outcome) => {
          set({ outcome });
        }}
      />
      <Select
        label="Judged at"
        value={String(filters.cap)}
        options={plan.caps.map((cap) => [String(cap), `${cap} tokens`])}
        onChange={(cap) => {
          set({ cap: Number(cap) });
        }}
      />
      <Select
        label="Sorted by"
        value={sorting.key}
        options={sortKeys.map((key) => [key, sortWords[key]])}
        onChange={(key) => {
          onSort({ key: key as SortKey, descending: false });
        }}
      />
    </search>
  );
}
