/** The refusal rates at one glance: a row per tier, a column per template and cap. Each cell leads to its prompts. */

import { formatFinding, formatValue } from "../../../src/core/format.ts";
import type { Finding } from "../../../src/core/records/finding.ts";
import type { ReportPlan } from "../../../src/core/records/report.ts";
import { templateWords, tierWords } from "../../../src/core/records/words.ts";
import { TierMark, tierMarks, tierOrder } from "../charts/marks.tsx";
import { NotMeasured } from "../components/not-measured.tsx";
import { Section } from "../components/section.tsx";
import { Term } from "../components/term/term.tsx";
import { addressOf } from "../lib/address.ts";

export function Glance({ plan, rates }: { plan: ReportPlan; rates: readonly Finding[] }) {
  const columns = plan.templates.flatMap((template) => plan.caps.map((cap) => ({ template, cap })));
  const cellOf = (tier: string, template: string, cap: number) =>
    rates.find(
      ({ about }) =>
        about.kind === "refusal_rate" &&
        about.tier === tier &&
        about.template === template &&
        about.cap === cap,
    );
  return (
    <Section
      id="glance"
      title="At one glance"
      lead="The share of prompts whose answer refuses. A cell leads to its prompts."
    >
      {rates.length === 0 ? (
        <NotMeasured what="No refusal rate was computed." />
      ) : (
        <section className="scroll" tabIndex={0} aria-label="Refusal rates by tier and condition">
          <table className="glance">
            <caption className="for-readers">Share of prompts refused, by tier and condition</caption>
            <thead>
              <tr>
                <th scope="col">
                  <Term name="tier">Tier</Term>
                </th>
                {columns.map(({ template, cap }) => (
                  <th key={`${template}/${cap}`} scope="col">
                    {templateWords[template]}, <Term name="cap">{`${cap} tokens`}</Term>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {tierOrder.map((tier) => (
                <tr key={tier}>
                  <th scope="row">
                    <TierMark tier={tier} /> {tierWords[tier]}
                  </th>
                  {columns.map(({ template, cap }) => {
                    const finding = cellOf(tier, template, cap);
                    return (
                      <td key={`${template}/${cap}`}>
                        {finding?.estimate == null ? (
                          "–"
                        ) : (
                          <a
                            href={addressOf("prompts", { tier, template, cap: String(cap), panel: "main" })}
                            title={formatFinding(finding)}
                          >
                            {formatValue(finding.estimate, finding.unit)}
                            <svg
                              className="bar"
                              viewBox="0 0 100 6"
                              preserveAspectRatio="none"
                              aria-hidden="true"
                            >
                              <rect width="100" height="6" fill="var(--line)" />
                              <rect width={100 * finding.estimate} height="6" fill={tierMarks[tier].colour} />
                            </svg>
                          </a>
                        )}
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </Section>
  );
}
