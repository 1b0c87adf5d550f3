/** How the numbers were made: in words, then per finding; the conditions; the limits. */

import { formatControl } from "../../../src/core/format.ts";
import type { Finding } from "../../../src/core/records/finding.ts";
import { templateOf } from "../../../src/core/records/words.ts";
import { LimitList } from "../components/limits.tsx";
import { Section } from "../components/section.tsx";
import { DataTable } from "../components/table/data-table.tsx";
import { Explained } from "../components/term/explained.tsx";
import type { PageReport } from "../lib/data.ts";
import { termsAbove } from "../lib/terms.ts";

const poolingWords: Record<PageReport["plan"]["pooling"], string> = {
  mean: "features are averaged over the tokens of the answer",
  max: "each feature's largest value over the tokens of the answer is used",
  last: "the features of the answer's last token are used",
};

export function Method({ data }: { data: PageReport }) {
  const { plan, conditions, findings, insides, rows } = data;
  // An endpoint that gives no tokens is asked once per cap.
  const isPrefix = rows.every(({ tokens }) => tokens !== null);
  const most = Math.max(...conditions.map(({ answers }) => answers));
  const asked = conditions.every(({ answers }) => answers === most)
    ? "Every prompt was asked under each condition below."
    : `Every prompt was asked under each condition below that has ${most} answers, and some were asked again under the others.`;
  const above = termsAbove(findings.map(({ method }) => method));
  const none = plan.recorded ? "none recorded" : "none";
  const measured = insides.filter((inside) => inside.measured);
  const blocks = [...new Set(measured.map(({ layer }) => layer))];
  return (
    <Section id="method" title="Method" lead="What was done, so that you can check it or do it again.">
      <div className="prose">
        <p>
          {plan.recorded
            ? "Another tool asked the prompts and recorded the answers. Fathom asked nothing. It judged each answer whole, because the record does not say where tokens end."
            : isPrefix
              ? `${asked} The model answered with up to ${plan.caps.at(-1)} tokens. The answer was then judged at its first ${plan.caps.join(", ")} tokens: a shorter cap is the beginning of the same answer, never another answer.`
              : `${asked} Where the endpoint gave no tokens, it was asked once for each cap (${plan.caps.join(", ")} tokens), and each answer was judged alone.`}{" "}
          If the judge ({plan.judge}) cannot decide, the answer has no label. It is counted as not judged,
          never as a refusal.
        </p>
        <p>
          Every finding has its number of prompts or answers (n), an interval, and a control: what it is
          compared with. If these do not allow a yes or a no, the finding is undetermined. That is a result,
          not a gap.
          {blocks.length > 0 && (
            <Explained
              text={` The inside view reads the residual stream after ${blocks.length === 1 ? "block" : "blocks"} ${blocks.join(", ")}; ${poolingWords[plan.pooling]}.`}
            />
          )}
          {insides.length > 1 &&
            ` The headline is about the first of ${insides.length} SAEs; the findings about the others are corrected together and do not change it.`}
        </p>
      </div>
      <DataTable
        caption="Conditions"
        captionVisible
        head={["Template", "System prompt", "Prefill", "Temperature", "Seed", "Precision", "Answers"]}
        rows={conditions
          .toSorted((a, b) => b.answers - a.answers)
          .map((condition) => [
            templateOf(condition),
            condition.system ?? none,
            condition.prefill ?? none,
            condition.temperature === 0 ? "0 (greedy)" : (condition.temperature ?? "not recorded"),
            condition.seed,
            condition.precision ?? "not known",
            condition.answers,
          ])}
      />
      <details className="long">
        <summary>Method and control of all {findings.length} findings</summary>
        <DataTable
          caption="Method and control of every finding"
          head={["Finding", "Method", "Control", "Level", "n"]}
          rows={findings.map((finding: Finding, i) => [
            <code key="id">{finding.id}</code>,
            <Explained key="method" text={finding.method} above={above[i]} />,
            formatControl(finding),
            `${Math.round(finding.level * 100)}%`,
            finding.n,
          ])}
        />
      </details>
    </Section>
  );
}

export function Limits({ data }: { data: PageReport }) {
  const { redaction, not_measured } = data;
  return (
    <LimitList lines={not_measured}>
      {redaction.applied ? (
        <li>
          {redaction.answers} of {data.rows.length} answers are not printed whole in this report.{" "}
          {redaction.rule}
        </li>
      ) : (
        <li>Every answer is printed whole, because the person who ran this audit asked for it.</li>
      )}
    </LimitList>
  );
}
