/** How the numbers were made, and what they do not say. */
import { formatCount } from "../../../src/core/format.ts";
import type { SaeReport } from "../../../src/core/records/sae-report.ts";
import { LimitList } from "../components/limits.tsx";
import { Section } from "../components/section.tsx";

export function SaeMethod({ data }: { data: SaeReport }) {
  const { read, model, sae, features } = data;
  return (
    <Section id="method" title="Method" lead="What was done, so that you can check it or do it again.">
      <div className="prose">
        <p>
          {model} read {formatCount(read.texts)} texts ({read.source}), {formatCount(read.tokens)} tokens in
          all. The SAE encoded and decoded its residual stream after block {sae.layer} once.{" "}
          {formatCount(read.massive)} of the tokens are massive: their norm is above 10 times the median.
          Figures over ordinary tokens leave them out.
        </p>
        <p>
          Intervals are 95% percentile intervals of a bootstrap over whole texts, because tokens of one text
          are alike. The listed features are not chosen because they look good: {lower(features.chosen)}
        </p>
        {features.logits !== null && <p>Logit effects: {lower(features.logits)}</p>}
      </div>
    </Section>
  );
}

export function SaeLimits({ data }: { data: SaeReport }) {
  return <LimitList lines={data.not_measured} />;
}

/** A sentence as it is written after a colon. */
function lower(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
