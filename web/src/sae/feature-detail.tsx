/** One opened feature: how and where it is active, and which next tokens it makes more or less probable. */
import { formatCount, formatFineShare, formatNumber } from "../../../src/core/format.ts";
import type { LogitEffect, SaeContext, SaeFeature } from "../../../src/core/records/sae-report.ts";
import { type Colouring, ContextText } from "../components/feature/context-text.tsx";
import { tokenWithSigns } from "../lib/signs.ts";

const kinds: readonly (readonly [SaeContext["kind"], string])[] = [
  ["strongest", "Where it is strongest"],
  ["drawn", "Drawn at random from all tokens on which it is active"],
];

export function FeatureDetail({ feature, colouring }: { feature: SaeFeature; colouring: Colouring }) {
  const { contexts, tokens, share, max, mean, nearest, logits, neuronpedia } = feature;
  return (
    <div className="answer">
      <p className="facts">
        Active on {formatCount(tokens)} tokens ({formatFineShare(share)})
        {max !== null && ` · largest activation ${formatNumber(max)}`}
        {mean !== null && `, mean where active ${formatNumber(mean)}`}
        {nearest !== null && ` · nearest other: #${nearest.feature}, cosine ${formatNumber(nearest.cosine)}`}
        {neuronpedia !== null && (
          <>
            {" · "}
            <a href={neuronpedia.link} rel="noreferrer">
              {neuronpedia.id}
            </a>
          </>
        )}
      </p>
      {contexts.length === 0 && (
        <p className="not-measured">
          {tokens === 0
            ? "It is not active on any token that was read."
            : "It is active only on tokens that are not shown."}
        </p>
      )}
      {kinds.map(([kind, title]) => {
        const own = contexts.filter((context) => context.kind === kind);
        return (
          own.length > 0 && (
            <div key={kind}>
              <h3>{title}</h3>
              <ul className="contexts">
                {own.map((context) => (
                  <li key={`${context.text}/${context.position}`}>
                    <ContextText context={context} largest={max ?? 1} colouring={colouring} />
                  </li>
                ))}
              </ul>
            </div>
          )
        );
      })}
      {logits !== null && (
        <div className="effects">
          <Effects title="Raises the logit of" effects={logits.raised} />
          <Effects title="Lowers the logit of" effects={logits.lowered} />
        </div>
      )}
    </div>
  );
}

function Effects({ title, effects }: { title: string; effects: readonly LogitEffect[] }) {
  return (
    <div>
      <h3>{title}</h3>
      <ul className="chips">
        {effects.map(({ id, token, effect }) => (
          <li key={id}>
            <bdi className="chip">{tokenWithSigns(token)}</bdi> <span>{signed(effect)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function signed(effect: number): string {
  return effect > 0 ? `+${formatNumber(effect)}` : formatNumber(effect);
}
