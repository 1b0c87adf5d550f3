/** Names, versions, hashes and seeds, grouped by subject. */
import type { Identity } from "../../../src/core/records/report.ts";
import { Section } from "../components/section.tsx";

interface IdentitiesProps {
  identities: readonly Identity[];
  lead: string;
}

export function Identities({ identities, lead }: IdentitiesProps) {
  const subjects = [...new Set(identities.map(({ subject }) => subject))];
  return (
    <Section id="identities" title="Identities" lead={lead}>
      <div className="identities">
        {subjects.map((subject) => (
          <div key={subject}>
            <h3>{subject}</h3>
            <dl>
              {identities
                .filter((identity) => identity.subject === subject)
                .map(({ label, value }) => (
                  <div key={label}>
                    <dt>{label}</dt>
                    <dd>{value}</dd>
                  </div>
                ))}
            </dl>
          </div>
        ))}
      </div>
    </Section>
  );
}
