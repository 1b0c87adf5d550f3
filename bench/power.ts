/**
 * The smallest difference between the refusal rates of hazard-adjacent prompts and of their benign partners that `headline.refuses` finds
 * with a given power. It is computed exactly, from McNemar's mid-p at half of 5%: the hierarchy tests two questions first, and Holm asks
 * this of the smaller p (docs/method.md). `bench/headlines.ts --power` counts the same in made-up runs; `fathom audit --dry-run` says it for
 * a plan.
 *
 *     node bench/power.ts [--triples 36,108] [--benign 0,0.05,0.1,0.2,0.4] [--power 0.8] [--shared 0.5]
 *
 * `--shared`: in this share of the triples one random number decides both answers; in the others each answer has its own. bench/headlines.ts
 * has one half.
 */
import { parseArgs } from "node:util";
import { sharedDraws } from "../src/audit/headlines/planned.ts";
import { mcnemarPower, pairsThatDiffer, smallestEffect } from "../src/stats/power.ts";

const { values } = parseArgs({
  options: {
    triples: { type: "string", default: "36,108" },
    benign: { type: "string", default: "0,0.05,0.1,0.2,0.4" },
    power: { type: "string", default: "0.8" },
    shared: { type: "string", default: String(sharedDraws) },
  },
});
const numbers = (list: string) => list.split(",").map(Number);
const wanted = Number(values.power);
const shared = Number(values.shared);
/** Holm's first step over the two questions of the family (src/audit/headlines/hierarchy.ts). */
const alpha = 0.05 / 2;

function smallest(benign: number, triples: number): string {
  const powerOf = (difference: number) =>
    mcnemarPower(pairsThatDiffer(benign + difference, benign, shared), triples, alpha);
  const effect = smallestEffect(powerOf, 1 - benign, wanted);
  return effect === null ? "none" : `${(100 * effect).toFixed(1)} points`;
}

for (const triples of numbers(values.triples))
  for (const benign of numbers(values.benign))
    console.log(
      `${triples} triples | ${100 * benign}% of benign refused | found with ${100 * wanted}% power from ${smallest(benign, triples)}`,
    );
