/** A section of the page: its title, in the margin if there is room, and an id that links can point to. */
import { type ReactNode, useState, useSyncExternalStore } from "react";
import { titleId } from "../lib/address.ts";
import { Explained } from "./term/explained.tsx";

interface SectionProps {
  id: string;
  title: string;
  /** One or two sentences that say what this section answers. */
  lead: string;
  /** It goes beyond the summary: on a phone it is folded, and it is not printed. */
  detail?: boolean;
  /** Something outside, such as a link with filters, asks for it to be open. */
  asked?: boolean;
  children: ReactNode;
}

export function Section({ id, title, lead, detail = false, asked = false, children }: SectionProps) {
  const isNarrow = useNarrow();
  const [isOpen, setOpen] = useState(false);
  return (
    <section className={detail ? "part detail-part" : "part"} id={id} aria-labelledby={titleId(id)}>
      <div className="part-head">
        <h2 id={titleId(id)} tabIndex={-1}>
          {title}
        </h2>
        <p className="lead">
          <Explained text={lead} />
        </p>
      </div>
      {detail ? (
        // In a wide window it is open and cannot be closed. It stays in place, so that turning a phone closes no answer.
        <details
          className="fold"
          open={!isNarrow || isOpen || asked}
          onToggle={(event) => {
            if (isNarrow) setOpen(event.currentTarget.open);
          }}
        >
          <summary>Show: {title.toLowerCase()}</summary>
          <div className="part-body">{children}</div>
        </details>
      ) : (
        <div className="part-body">{children}</div>
      )}
    </section>
  );
}

/** As in styles/page.css. */
const narrow = "(max-width: 40rem)";

function useNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      const list = matchMedia(narrow);
      list.addEventListener("change", changed);
      return () => {
        list.removeEventListener("change", changed);
      };
    },
    () => matchMedia(narrow).matches,
  );
}
