/** The frame of a table with real headers, in a box that scrolls by itself if the window is narrow. */
import type { ReactNode } from "react";
import { Explained } from "../term/explained.tsx";

interface ScrollTableProps {
  className: string;
  caption: string;
  captionVisible?: boolean;
  head: readonly string[];
  /** The rows. */
  children: ReactNode;
}

export function ScrollTable({
  className,
  caption,
  captionVisible = false,
  head,
  children,
}: ScrollTableProps) {
  return (
    <section className="scroll" tabIndex={0} aria-label={caption}>
      <table className={className}>
        <caption className={captionVisible ? "" : "for-readers"}>{caption}</caption>
        <thead>
          <tr>
            {head.map((name) => (
              <th key={name} scope="col">
                <Explained text={name} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
