/** The turns of the conversation before the prompt, behind a click. */
import type { ShownTurn } from "../../../../src/core/records/report.ts";

export function EarlierTurns({ turns }: { turns: readonly ShownTurn[] }) {
  if (turns.length === 0) return null;
  let place = 0;
  return (
    <details className="long">
      <summary>
        {turns.length} earlier {turns.length === 1 ? "turn" : "turns"} of the conversation
      </summary>
      {turns.map(({ role, content, printable }) => (
        <div key={place++}>
          <p className="facts">{role === "user" ? "User" : "Assistant"}</p>
          {content === null ? (
            <p className="not-measured">
              {printable !== "" && <mark>{printable}</mark>} <strong>Left out.</strong> The prompt is
              hazard-adjacent, so only words that refuse are printed.
            </p>
          ) : (
            <blockquote className="text" dir="auto">
              {content}
            </blockquote>
          )}
        </div>
      ))}
    </details>
  );
}
