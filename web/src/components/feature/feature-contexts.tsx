/** The contexts in which a chosen feature is strongest, at most one per answer. Contexts in redacted answers are only counted. */
import type { CatalogContext } from "../../../../src/core/records/catalog.ts";
import { ContextText } from "./context-text.tsx";

export function FeatureContexts({ contexts }: { contexts: readonly CatalogContext[] }) {
  const left = contexts.filter(({ around }) => around === null).length;
  const largest = Math.max(...contexts.map(({ activation }) => activation));
  return (
    <div className="answer">
      {contexts.length === 0 && <p className="not-measured">No contexts were kept.</p>}
      <ul className="contexts">
        {contexts.map(({ around, observation, prompt_id, position, of }) =>
          around === null ? null : (
            <li key={`${observation}/${position}`}>
              <ContextText
                context={{ ...around, position, of, text: `answer to ${prompt_id}`, massive: false }}
                largest={largest}
                colouring="activation"
              />
            </li>
          ),
        )}
      </ul>
      {left > 0 && (
        <p className="not-measured">
          <strong>Left out.</strong> {left} of {contexts.length} contexts are in answers that this report does
          not print whole.
        </p>
      )}
    </div>
  );
}
