/** The minimal sets: what each holds, whether it flips prompts that the search never saw, and what matched sets do. */
import { useMemo } from "react";
import type { AnatomyReport } from "../../../src/core/records/anatomy-report.ts";
import { controlsTable, costsTable, setsTable } from "../../../src/shown/anatomy-set-tables.ts";
import { answersTable, perPromptTable } from "../../../src/shown/anatomy-tables.ts";
import { absent } from "../../../src/shown/anatomy-words.ts";
import { IntervalChart, type IntervalRow } from "../charts/interval-chart.tsx";
import { Legend } from "../charts/marks.tsx";
import { Figure } from "../components/figure.tsx";
import { FindingList } from "../components/finding/finding-list.tsx";
import { NotMeasured } from "../components/not-measured.tsx";
import { Section } from "../components/section.tsx";
import { SharedTable } from "../components/table/shared-table.tsx";
import { firstSentence } from "../lib/sentences.ts";

const whole = [0, 1] as const;

export function Sets({ data }: { data: AnatomyReport }) {
  const { anatomy, findings } = data;
  const own = useMemo(() => findings.filter(({ about }) => about.kind === "anatomy_minimal_set"), [findings]);
  const rows = useMemo(
    () =>
      own.map(
        (finding, i): IntervalRow => ({ facet: "", label: `Set ${i + 1}`, tier: null, finding, values: [] }),
      ),
    [own],
  );
  return (
    <Section
      id="sets"
      title="Minimal sets"
      lead="Features that must be ablated together before the model complies. 1-minimal means that no member can be left out; a smaller set of other features may exist. A flip is a judged answer that complies, in sound text."
    >
      {anatomy.minimal_sets.length === 0 ? (
        <>
          <NotMeasured {...absent(data, "minimal")} />
          {anatomy.published_filter?.kept != null && (
            <SharedTable title="The published filter" table={setsTable(anatomy)} />
          )}
        </>
      ) : (
        <>
          <Legend tiers={[]} notes={["Bar: interval", "Grey cross and dashes: the control"]} />
          <Figure
            title="Refused test prompts that comply without each set"
            sentence={firstSentence(own)}
            file="minimal-sets"
            rows={rows.map(({ label, finding }) => ({ name: label, finding }))}
          >
            <IntervalChart
              label="Share of refused test prompts that comply without each minimal set, with interval and control."
              rows={rows}
              unit="share"
              domain={whole}
              controls
            />
          </Figure>
          <SharedTable title="Minimal sets" table={setsTable(anatomy)} />
          <SharedTable title="Matched controls" table={controlsTable(anatomy)} />
          <FindingList
            findings={findings.filter(
              ({ about }) => about.kind === "anatomy_set_at_mean" || about.kind === "anatomy_set_effect",
            )}
          />
          <SharedTable title="What else ablating a set does" table={costsTable(anatomy)} wide />
          <p className="caption spaced">
            On harmless test prompts. KL and cross-entropy are means over the first tokens of the clean
            answers. An ablation can cause refusals, so both directions are counted. Sentences: plain ones, as
            bare text, a task that has nothing to do with refusing.
          </p>
          <FindingList findings={findings.filter(({ about }) => about.kind === "anatomy_cost")} />
        </>
      )}
      <SharedTable title="Judged answers" table={answersTable(anatomy)} />
      <SharedTable title="Prompts that were taken apart one by one" table={perPromptTable(anatomy)} />
      <FindingList findings={findings.filter(({ about }) => about.kind === "anatomy_ceiling")} />
    </Section>
  );
}
