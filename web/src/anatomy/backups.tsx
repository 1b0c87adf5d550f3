/** What woke, and whether it carries the refusal: that a feature wakes says nothing by itself. */
import type { AnatomyReport } from "../../../src/core/records/anatomy-report.ts";
import { backupsTable, hardeningTable } from "../../../src/shown/anatomy-redundancy-tables.ts";
import { absent } from "../../../src/shown/anatomy-words.ts";
import { FindingList } from "../components/finding/finding-list.tsx";
import { NotMeasured } from "../components/not-measured.tsx";
import { Section } from "../components/section.tsx";
import { SharedTable } from "../components/table/shared-table.tsx";

export function Backups({ data }: { data: AnatomyReport }) {
  const { anatomy, findings } = data;
  const table = backupsTable(anatomy);
  return (
    <Section
      id="backups"
      title="Backups"
      lead="Features that are silent until others are ablated. Each is ablated too, on prompts that the search did not use, while everything still silent is held silent. Load-bearing: the score falls without it. Idle: it does not. Undetermined: these prompts do not tell."
    >
      {table.rows.length > 0 ? (
        <>
          <SharedTable title="Features that woke" table={table} wide />
          <p className="caption spaced">
            Effect: how much the score falls without the feature, the others of its minimal set ablated too.
            Alone: the same with those left on. Active unablated: harmful prompts on which it is active
            although nothing is ablated. At random: the share of random changes of equal norm that wake it
            too.
          </p>
          <SharedTable title="Recruits of a round held on" table={hardeningTable(anatomy)} />
        </>
      ) : (
        <NotMeasured {...absent(data, "backups")} />
      )}
      <FindingList findings={findings.filter(({ about }) => about.kind === "anatomy_backups")} />
    </Section>
  );
}
