/** The first screen: what was measured, whether the load gate is open, and the SAE's quality in three sentences. */
import { formatCount } from "../../../src/core/format.ts";
import type { SaeReport } from "../../../src/core/records/sae-report.ts";
import { Sounding } from "../components/finding/sounding.tsx";
import { Notes } from "../components/notes.tsx";
import { GateMark } from "./gate-mark.tsx";

export function SaeHeader({ data }: { data: SaeReport }) {
  const { sae, read, findings } = data;
  const facts = [
    `${sae.kind}${sae.k === null ? "" : `, k = ${sae.k}`}`,
    `${formatCount(sae.d_sae)} features of width ${formatCount(sae.d_in)}`,
    `${formatCount(read.tokens)} tokens of ${formatCount(read.texts)} texts`,
  ];
  return (
    <header className="top">
      <p className="brand">Fathom</p>
      <h1>{data.title}</h1>
      <p className="facts">{facts.join(" · ")}</p>
      <Notes notes={data.notes} />
      <h2 className="for-readers">The verdict</h2>
      <ol className="sounding">
        <Gate gate={data.gate} />
        {findings
          .filter(({ group }) => group === "headline")
          .map((finding) => (
            <Sounding key={finding.id} finding={finding} />
          ))}
      </ol>
    </header>
  );
}

function Gate({ gate }: { gate: SaeReport["gate"] }) {
  const { checks, passed, allowed_to_fail, mistake } = gate;
  const failed = checks.filter(({ status }) => status === "fail");
  const undetermined = checks.filter(({ status }) => status === "undetermined").length;
  const passing = checks.length - failed.length - undetermined;
  return (
    <li>
      <p className="question">
        <GateMark status={passed ? "pass" : "fail"} words={passed ? "Open" : "Closed"} /> May it be used on
        this model?
      </p>
      <p className="verdict">
        {passed
          ? "The load gate is open."
          : `The load gate is closed${allowed_to_fail ? ", and the person who made this report overrode it." : ": do not use this SAE on this model."}`}
      </p>
      {failed.map(({ name, sentence }) => (
        <p key={name} className="verdict-rest">
          {sentence}
        </p>
      ))}
      {mistake !== null && <p className="verdict-rest">{mistake}</p>}
      <p className="numbers">
        {passing} of {checks.length} checks passed, {failed.length} failed, {undetermined} undetermined ·{" "}
        <a href="#gate">every check with its bound</a>
      </p>
    </li>
  );
}
