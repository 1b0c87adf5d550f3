/** A section of the page: its title, in the margin if there is room, and an id that links can point to. */
import type { ReactNode } from "react";

interface SectionProps {
  id: string;
  title: string;
  /** One or two sentences that say what this section answers. */
  lead: string;
  children: ReactNode;
}

export function Section({ id, title, lead, children }: SectionProps) {
  return (
    <section className="part" id={id} aria-labelledby={`${id}-title`}>
      <div className="part-head">
        <h2 id={`${id}-title`}>{title}</h2>
        <p className="lead">{lead}</p>
      </div>
      <div className="part-body">{children}</div>
    </section>
  );
}
