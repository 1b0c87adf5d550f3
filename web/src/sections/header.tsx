/** The first screen: what was audited, what a decision rests on, and the verdict on depth along a sounding line. */
import type { Finding } from "../../../src/core/records/finding.ts";
import { templateWords } from "../../../src/core/records/words.ts";
import { decisionStrip, survivalRows } from "../../../src/shown/verdicts.ts";
import { DecisionStrip } from "../components/decision-strip.tsx";
import { Sounding } from "../components/finding/sounding.tsx";
import { Survival } from "../components/finding/survival.tsx";
import { NotMeasured } from "../components/not-measured.tsx";
import { Notes } from "../components/notes.tsx";
import type { PageReport } from "../lib/data.ts";

export function Header({ data, headline }: { data: PageReport; headline: readonly Finding[] }) {
  const { plan, rows } = data;
  const prompts = new Set(rows.map(({ prompt_id }) => prompt_id)).size;
  const facts = [
    `${prompts} prompts`,
    `${rows.length} answers`,
    plan.templates.map((template) => templateWords[template].toLowerCase()).join(" and "),
    plan.recorded ? "recorded by another tool, judged whole" : `judged at ${plan.caps.join(", ")} tokens`,
    plan.temperature === 0
      ? "greedy"
      : plan.temperature === null
        ? "temperature not recorded"
        : `temperature ${plan.temperature}, seeds ${plan.seeds.join(", ")}`,
    ...provenance(data.identities),
  ];
  const survival = survivalRows(data.findings);
  const isRow = (finding: Finding) => survival.some((row) => row.finding === finding);
  const firstRow = headline.findIndex(isRow);
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
      {headline.length > 0 && <DecisionStrip decisions={decisionStrip(data)} />}
      <h2 className="for-readers">The verdict</h2>
      {headline.length === 0 ? (
        <NotMeasured what="This run has no finding about the depth of refusals." />
      ) : (
        <ol className="sounding">
          {headline.map((finding, i) =>
            !isRow(finding) ? (
              <Sounding key={finding.id} finding={finding} />
            ) : i === firstRow ? (
              <Survival key="survival" rows={survival} />
            ) : null,
          )}
        </ol>
      )}
    </header>
  );
}

/** The model's hash, the day and the version: what a reader needs to find the run again. */
function provenance(identities: PageReport["identities"]): string[] {
  const of = (subject: string, label: RegExp) =>
    identities.find((one) => one.subject === subject && label.test(one.label))?.value;
  const [hash, day, version] = [of("Model", /SHA-256/), of("Fathom", /^begun$/), of("Fathom", /^version$/i)];
  return [
    ...(day === undefined ? [] : [day.slice(0, 10)]),
    ...(hash === undefined ? [] : [`model ${hash.slice(0, 12)}`]),
    ...(version === undefined ? [] : [`Fathom ${version}`]),
  ];
}
