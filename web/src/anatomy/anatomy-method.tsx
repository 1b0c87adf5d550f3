/** How the numbers were made: where was searched, the score, the sizes, the ledger; and what they do not say. */
import { formatCount, formatNumber } from "../../../src/core/format.ts";
import type { Anatomy } from "../../../src/core/records/anatomy.ts";
import type { AnatomyReport } from "../../../src/core/records/anatomy-report.ts";
import {
  checksTable,
  intervalWords,
  ledgerTable,
  sitesTable,
  withInterval,
} from "../../../src/shown/anatomy-tables.ts";
import { LimitList } from "../components/limits.tsx";
import { Section } from "../components/section.tsx";
import { DataTable } from "../components/table/data-table.tsx";
import { SharedTable } from "../components/table/shared-table.tsx";
import { tokenWithSigns } from "../lib/signs.ts";

export function AnatomyMethod({ data }: { data: AnatomyReport }) {
  const { anatomy, pairs } = data;
  return (
    <Section id="method" title="Method" lead="What was done, so that you can check it or do it again.">
      <div className="prose">
        <p>
          Sets are found on {pairs.fit} matched pairs, choices are made on {pairs.validate}, and results are
          tested on {pairs.test} that the search never saw. Intervals are{" "}
          {intervalWords(anatomy.level).replace("interval", "intervals")}; prompts of one pair are resampled
          together. An ablated feature is set to zero at every token, where its SAE reads the residual stream.
        </p>
        <p>
          The refusal score is the log-odds of the tokens with which this model&apos;s own refusals begin. A
          flip is never decided by the score: answers are generated and judged, and broken text counts neither
          as a refusal nor as a flip.
        </p>
      </div>
      <SharedTable title="Where was searched" table={sitesTable(anatomy)} />
      {anatomy.score !== null && <Score score={anatomy.score} />}
      <SharedTable title="Checks of the search" table={checksTable(anatomy)} />
      <SharedTable title="What was measured" table={ledgerTable(anatomy)} />
      <details className="long">
        <summary>Sizes: how much was measured at most</summary>
        <DataTable
          caption="Sizes"
          head={["What", "At most"]}
          rows={Object.entries(anatomy.sizes).map(([name, size]) => [
            name.replaceAll("_", " "),
            formatCount(size),
          ])}
        />
      </details>
    </Section>
  );
}

type Found = NonNullable<Anatomy["score"]>;

function Score({ score }: { score: Found }) {
  const row = (name: string, place: string, { auc, boundary, disagreement }: Found["sequence"]) => [
    ...[name, place, formatNumber(boundary), withInterval(auc, "")],
    ...[withInterval(disagreement, "share"), String(disagreement.n)],
  ];
  const words = ({ tokens, prefix }: Found["deciding"]) =>
    `${prefix.length === 0 ? "at the prompt's last token" : `after ${prefix.length} tokens of the answer`}: ${tokens
      .map(({ token, id }) => (token === null ? `row ${id}` : `“${tokenWithSigns(token)}”`))
      .join(", ")}`;
  return (
    <div className="spaced">
      <DataTable
        caption="The refusal score and the judged answers"
        captionVisible
        head={["Score", "Where it is read", "Boundary", "Area under the curve", "Disagrees with", "n"]}
        rows={[
          row("Deciding position", words(score.deciding), score),
          row("Whole beginnings", "mean log probability of the refusals' beginnings", score.sequence),
        ]}
      />
    </div>
  );
}

export function AnatomyLimits({ data }: { data: AnatomyReport }) {
  return (
    <LimitList lines={data.not_measured}>
      <li>{data.redaction}</li>
    </LimitList>
  );
}
