/** One opened feature of the layer map: its numbers, and the tokens of prompts on which it is active. */
import { formatNumber } from "../../../src/core/format.ts";
import { type MapFeature, wakesWords } from "../../../src/shown/anatomy-features.ts";
import { rolesTable, withInterval } from "../../../src/shown/anatomy-tables.ts";
import { ContextText } from "../components/feature/context-text.tsx";
import { DataTable } from "../components/table/data-table.tsx";

export function AnatomyFeature({ feature, name }: { feature: MapFeature; name: string }) {
  const { contexts, effect, active_on, wakes, role } = feature;
  const largest = Math.max(...contexts.map(({ activation }) => activation));
  return (
    <div className="answer">
      <h4>{name}</h4>
      <p className="facts">
        {wakesWords(wakes)} · {role} · without it the score falls by {withInterval(effect, "log-odds")} (n ={" "}
        {effect.n}) · active on {active_on.harmful} harmful and {active_on.harmless} harmless prompts, nothing
        ablated
      </p>
      <DataTable caption="Where it fires" captionVisible {...rolesTable(feature)} />
      <p className="caption">
        In harmful fit prompts and the beginnings of their clean answers, with the rounds before its own
        ablated.
      </p>
      {contexts.length === 0 ? (
        <p className="not-measured">It is not active on any token of the prompts that it was read on.</p>
      ) : (
        <>
          <p className="caption">
            The stronger the colour, the larger the activation; the outlined token is the strongest. Only
            tokens of prompts are shown, never of answers.
          </p>
          <ul className="contexts">
            {contexts.map(({ around, prompt, side, rounds, position, of }) => (
              <li key={`${prompt}/${rounds}/${position}`}>
                <ContextText
                  context={{
                    ...around,
                    position,
                    of,
                    text: `${side} prompt ${prompt}${rounds === 0 ? "" : `, after ${rounds === 1 ? "round 1 was" : `rounds 1 to ${formatNumber(rounds)} were`} ablated`}`,
                    massive: false,
                  }}
                  largest={largest}
                  colouring="activation"
                />
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
