/** How the numbers came about, and what they do not say. */
import { formatCount } from "../../../src/core/format.ts";
import type { SaeReport } from "../../../src/core/records/sae-report.ts";
import { LimitList } from "../components/limits.tsx";
import { Section } from "../components/section.tsx";

export function SaeMethod({ data }: { data: SaeReport }) {
  const { read, model, sae, features } = data;
  return (
    <Section
      id="method"
      title="Method"
      lead="What was done, so that you can disagree with it or do it again."
    >
      <div className="prose">
        <p>
          {model} read {formatCount(read.texts)} texts ({read.source}), {formatCount(read.tokens)} tokens in
          all, and what it had after block {sae.layer} was encoded and decoded once.{" "}
          {formatCount(read.massive)} of the tokens are massive: their norm is above 10 times the median. They
          count in no figure called ordinary.
        </p>
        <p>
          Intervals are 95% percentile intervals of a bootstrap over whole texts, since tokens of one text are
          alike. The features that are listed are not chosen for looking well: {lower(features.chosen)}
        </p>
        {features.logits !== null && <p>Logit effects: {lower(features.logits)}</p>}
      </div>
    </Section>
  );
}

export function SaeLimits({ data }: { data: SaeReport }) {
  return <LimitList lines={data.not_measured} />;
}

/** A sentence behind a colon. */
function lower(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
