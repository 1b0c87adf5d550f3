/** A text whose terms of art say what they mean, each where it first stands. */
import { type TermName, termsIn } from "../../lib/terms.ts";
import { Term } from "./term.tsx";

/** @param above terms that the reader met before, in the same list */
export function Explained({ text, above }: { text: string; above?: ReadonlySet<TermName> | undefined }) {
  return termsIn(text, above).map((piece) =>
    piece.term === null ? (
      piece.text
    ) : (
      <Term key={piece.term} name={piece.term}>
        {piece.text}
      </Term>
    ),
  );
}
