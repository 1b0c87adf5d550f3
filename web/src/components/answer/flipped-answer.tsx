/** One side of a flip: the answer up to its cap, or the part of it that is printed. */
import { type Judged, textAt } from "../../lib/flips.ts";
import { Withheld } from "./withheld.tsx";

export function FlippedAnswer({ side }: { side: Judged }) {
  const text = textAt(side);
  if (text === null) return <Withheld words={side.row.printable ?? ""} />;
  return text === "" ? (
    <p className="not-measured">The answer is empty.</p>
  ) : (
    <blockquote className="text" dir="auto">
      {text}
    </blockquote>
  );
}
