/** Prompts that are refused in one condition and not in another, with both answers side by side. */
import { useMemo, useState } from "react";
import { outcomeWords, tierWords } from "../../../src/core/records/words.ts";
import { TierMark } from "../charts/marks.tsx";
import { EarlierTurns } from "../components/answer/earlier-turns.tsx";
import { FlippedAnswer } from "../components/answer/flipped-answer.tsx";
import { WholeRows } from "../components/answer/whole-rows.tsx";
import { GrowingList } from "../components/growing-list.tsx";
import { NotMeasured } from "../components/not-measured.tsx";
import { Section } from "../components/section.tsx";
import { Select } from "../components/table/select.tsx";
import type { PageReport } from "../lib/data.ts";
import { type Comparison, comparisonsOf, type Flip, flipsOf } from "../lib/flips.ts";
import { verdictAt } from "../lib/rows.ts";
import { useAddress } from "../lib/use-address.ts";

export function Flips({ data }: { data: PageReport }) {
  const comparisons = useMemo(() => comparisonsOf(data), [data]);
  const [address, setAddress] = useAddress("flips");
  const comparison = comparisons.find(({ key }) => key === address["of"]) ?? comparisons[0];
  const { tier = "" } = address;
  const flips = useMemo(
    () => (comparison === undefined ? [] : flipsOf(comparison, tier)),
    [comparison, tier],
  );
  return (
    <Section
      id="flips"
      title="Flips"
      lead="Prompts that are refused in one condition and not in the other, both answers side by side."
    >
      {comparison === undefined ? (
        <NotMeasured what="The run has one condition. Try: fathom audit with --templates chat,none or several --caps." />
      ) : (
        <>
          <div className="filters">
            <Select
              label="Conditions"
              wide
              value={comparison.key}
              options={comparisons.map(({ key, name }) => [key, name])}
              onChange={(of) => {
                setAddress({ of, tier });
              }}
            />
            <Select
              label="Tier of the flips"
              value={tier}
              options={[["", "All"], ...Object.entries(tierWords)]}
              onChange={(next) => {
                setAddress({ of: comparison.key, tier: next });
              }}
            />
          </div>
          <p className="flip-count">{counted(comparison, flips)}</p>
          <GrowingList
            key={`${comparison.key} ${tier}`}
            items={flips}
            className="flips"
            keyOf={({ first: { row } }) => `${row.prompt_id}/${row.seed}`}
          >
            {(flip) => <FlipItem flip={flip} sides={comparison.sides} />}
          </GrowingList>
        </>
      )}
    </Section>
  );
}

function counted({ sides, pairs }: Comparison, flips: readonly Flip[]): string {
  const lost = flips.filter(({ direction }) => direction === "lost").length;
  return `${lost} refuse only with “${sides[0]}”, ${flips.length - lost} only with “${sides[1]}”, of ${pairs.length} answers.`;
}

function FlipItem({ flip: { first, second }, sides }: { flip: Flip; sides: Comparison["sides"] }) {
  const outcome = (side: Flip["first"]) => {
    const found = verdictAt(side.row, side.cap)?.outcome;
    return found === undefined ? "Not judged" : outcomeWords[found];
  };
  const { row } = first;
  const [isOpen, setOpen] = useState(false);
  return (
    <details
      className="flip"
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
      onKeyDown={({ key, currentTarget }) => {
        if (key !== "Escape") return;
        currentTarget.open = false;
        currentTarget.querySelector("summary")?.focus();
      }}
    >
      <summary>
        <TierMark tier={row.tier} /> {row.prompt}{" "}
        <span className="meta">
          {row.prompt_id} · {outcome(first)} → {outcome(second)}
        </span>
      </summary>
      {isOpen && (
        <WholeRows rows={[row, second.row]}>
          {(whole) => (
            <>
              <EarlierTurns turns={whole[0]!.turns} />
              <div className="pair">
                {[first, second].map((side, i) => (
                  <div key={sides[i]}>
                    <h3>
                      {sides[i]}: {outcome(side).toLowerCase()}
                    </h3>
                    <FlippedAnswer row={whole[i]!} cap={side.cap} />
                  </div>
                ))}
              </div>
            </>
          )}
        </WholeRows>
      )}
    </details>
  );
}
