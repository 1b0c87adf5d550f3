/** The flips, each with both answers side by side behind a click. */

import { toCsv } from "../../../src/core/csv.ts";
import type { ShownFlip } from "../../../src/core/results/comparison.ts";
import { answerWords, flipHead, flipRow } from "../../../src/shown/flips.ts";
import { EarlierTurns } from "../components/answer/earlier-turns.tsx";
import { GrowingList } from "../components/growing-list.tsx";
import { Download } from "../components/table/download.tsx";

export function Flips({ flips }: { flips: readonly ShownFlip[] }) {
  if (flips.length === 0) return null;
  return (
    <>
      <GrowingList
        items={flips}
        className="flips"
        keyOf={(flip) => `${flip.of[1]} ${flip.prompt_id} ${JSON.stringify(flip.condition)}`}
      >
        {(flip) => {
          const [prompt, tier, condition, before, after] = flipRow(flip);
          return (
            <details className="flip">
              <summary>
                {prompt} ({tier}, {condition}): {before} → {after}
              </summary>
              <EarlierTurns turns={flip.turns} />
              <blockquote>{flip.prompt}</blockquote>
              <dl>
                {flip.answers.map((answer, i) => (
                  <div key={flip.of[i]}>
                    <dt>{flip.of[i]}</dt>
                    <dd className="sentence">{answerWords(answer)}</dd>
                  </div>
                ))}
              </dl>
            </details>
          );
        }}
      </GrowingList>
      <Download name="flips.csv" content={() => toCsv(flipHead, flips.map(flipRow))}>
        Download CSV
      </Download>
    </>
  );
}
