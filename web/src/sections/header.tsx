/** The first screen: what was audited, and the verdict on depth in three sentences along a sounding line. */
import type { Finding } from "../../../src/core/records/finding.ts";
import type { ReportData } from "../../../src/core/records/report.ts";
import { templateWords } from "../../../src/core/records/words.ts";
import { Sounding } from "../components/finding/sounding.tsx";
import { NotMeasured } from "../components/not-measured.tsx";
import { Notes } from "../components/notes.tsx";

export function Header({ data, headline }: { data: ReportData; headline: readonly Finding[] }) {
  const { plan, rows } = data;
  const prompts = new Set(rows.map(({ prompt_id }) => prompt_id)).size;
  const facts = [
    `${prompts} prompts`,
    `${rows.length} answers`,
    plan.templates.map((template) => templateWords[template].toLowerCase()).join(" and "),
    `judged at ${plan.caps.join(", ")} tokens`,
    plan.temperature === 0 ? "greedy" : `temperature ${plan.temperature}, seeds ${plan.seeds.join(", ")}`,
  ];
  return (
    <header className="top">
      <p className="brand">Fathom</p>
      <h1>{data.title}</h1>
      <p className="facts">{facts.join(" · ")}</p>
      {data.warnings.map((warning) => (
        <p key={warning} className="warning" role="note">
          <strong>Warning.</strong> {warning}
        </p>
      ))}
      <Notes notes={data.notes} />
      <h2 className="for-readers">The verdict</h2>
      {headline.length === 0 ? (
        <NotMeasured what="This run has no finding about the depth of refusals." />
      ) : (
        <ol className="sounding">
          {headline.map((finding) => (
            <Sounding key={finding.id} finding={finding} />
          ))}
        </ol>
      )}
    </header>
  );
}
