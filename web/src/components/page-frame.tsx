/** What every page has around its sections: the link that skips the header, the contents, the last line. */
import type { ReactNode } from "react";

interface PageFrameProps {
  skip: string;
  header: ReactNode;
  /** Ids of the sections and their names. */
  contents: readonly (readonly [id: string, name: string])[];
  /** What the page loads from beside it, if it does not hold everything. */
  loads?: string | undefined;
  children: ReactNode;
}

export function PageFrame({ skip, header, contents, loads, children }: PageFrameProps) {
  return (
    <>
      <a className="skip" href="#main">
        {skip}
      </a>
      {header}
      <nav className="contents" aria-label="Contents">
        <ul>
          {contents.map(([id, name]) => (
            <li key={id}>
              <a href={`#${id}`}>{name}</a>
            </li>
          ))}
        </ul>
      </nav>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <footer className="foot">
        <p>
          Made by Fathom.{" "}
          {loads === undefined
            ? "This file loads nothing from the network and sends nothing."
            : `This file loads ${loads}, nothing else, and sends nothing.`}
        </p>
      </footer>
    </>
  );
}
