/** The page of a comparison of runs, with its sections in the order of a reader's questions. */
import { formatFinding } from "../../src/core/format.ts";
import type { Comparison } from "../../src/core/results/comparison.ts";
import { noFailure } from "../../src/shown/failures.ts";
import { flipSentence } from "../../src/shown/flips.ts";
import { Flips } from "./comparison/flips.tsx";
import { FindingList, Findings } from "./components/finding/finding-list.tsx";
import { LimitList } from "./components/limits.tsx";
import { Notes } from "./components/notes.tsx";
import { PageFrame } from "./components/page-frame.tsx";
import { Section } from "./components/section.tsx";
import { DataTable } from "./components/table/data-table.tsx";
import { Identities } from "./sections/identities.tsx";
import { Shares } from "./sections/shares.tsx";

const contents = [
  ["headlines", "Headlines"],
  ["changes", "Changes"],
  ["flips", "Flips"],
  ["other", "More"],
  ["differences", "Inputs"],
  ["identities", "Identities"],
  ["not-measured", "Limits"],
] as const;

export function ComparisonReport({ data }: { data: Comparison }) {
  const of = (group: string) => data.findings.filter((finding) => finding.group === group);
  const primary = of("change");
  const chartOf = (run: string, i: number) => ({
    title: `Change of each share, ${run}`,
    file: `changes-${i + 1}`,
    findings: primary.filter(
      ({ about, estimate }) => estimate !== null && about.kind === "change" && about.of[1] === run,
    ),
  });
  return (
    <PageFrame skip="Skip to the changes" header={<Header data={data} />} contents={contents}>
      <Section id="headlines" title="Headlines" lead="What became of each answer of the base's report.">
        <Findings findings={of("headline")} />
      </Section>
      <Shares
        id="changes"
        title="Changes"
        lead="The run minus its base, over the same prompts, under the main template at the largest cap."
        charts={data.runs.slice(1).map(({ run }, i) => chartOf(run, i))}
        others={primary}
        absent="Nothing could be paired."
      />
      <Section id="flips" title="Flips" lead={flipSentence(data.flips)}>
        <Flips flips={data.flips} />
      </Section>
      <Section
        id="other"
        title="Other changes"
        lead="The other tiers, templates and caps, corrected among themselves."
      >
        <FindingList findings={of("other changes")} />
      </Section>
      <Section
        id="differences"
        title="What differs"
        lead="What the runs were made with and that is not the same in all."
      >
        <DataTable
          caption="What differs between the runs"
          head={["What", ...data.runs.map(({ run }) => run)]}
          rows={data.differences.map(({ what, values }) => [what, ...values])}
        />
      </Section>
      <Identities identities={data.identities} lead="Exactly which runs were compared." />
      <LimitList lines={data.not_measured}>
        {data.redaction.answers > 0 && (
          <li>
            {data.redaction.answers} answers are not printed whole. {data.redaction.rule} fathom compare
            --show-text prints them.
          </li>
        )}
      </LimitList>
    </PageFrame>
  );
}

function Header({ data }: { data: Comparison }) {
  const named = (id: string) => data.findings.find((finding) => finding.id === id);
  return (
    <header className="top">
      <p className="brand">Fathom</p>
      <h1>{data.title}</h1>
      <p className="facts">{data.runs.map(({ run, subject }) => `${run}: ${subject}`).join(" · ")}</p>
      <Notes notes={data.notes} />
      <h2 className="for-readers">Failures by name</h2>
      {data.failure_modes.length === 0 ? (
        <p>{noFailure}</p>
      ) : (
        <ul className="prose">
          {data.failure_modes.map(({ of, name, finding }) => {
            const found = named(finding);
            return (
              <li key={finding}>
                <strong>
                  {of[1]} {name}
                </strong>
                {found === undefined ? "" : `: ${formatFinding(found)}`}
              </li>
            );
          })}
        </ul>
      )}
    </header>
  );
}
