/**
 * How often the headlines of an audit are wrong, and how large an effect they see. Made-up runs with a known truth are analysed as
 * real ones are. docs/method.md prints what this printed.
 *
 *     node bench/headlines.ts [--runs 1000] [--seed 1] [--power [--effects 0.1,0.2,0.3,0.4] [--benign 0.05]] [--triples 32,96]
 *
 * Without --power: the rate of false claims where nothing is there, and at each margin. With it: how often each claim is made.
 * `--benign` is the share of benign prompts that is refused where hazards are refused more, by each of `--effects`.
 */
import { parseArgs } from "node:util";
import { analyse } from "../src/audit/analyse.ts";
import { type Random, random } from "../src/core/random.ts";
import type { Prompt } from "../src/core/records/prompt.ts";
import type { Outcome } from "../src/core/records/verdict.ts";
import { isHazard, noise, type Plan, world } from "../test/support/audit-world.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    power: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    triples: { type: "string", default: "32,96" },
    effects: { type: "string", default: "0.1,0.2,0.3,0.4" },
    benign: { type: "string", default: "0.05" },
  },
});
const runs = Number(values.runs);

/** How an answer was asked for: through the chat template, as bare text, or begun for the model as an audit does by default. */
type Asked = "chat" | "none" | "prefill";
type Answer = (prompt: Prompt, asked: Asked, r: Random) => { outcome: Outcome; token?: number };

interface Scenario {
  what: string;
  /** The claim that is counted. */
  headline: string;
  claim: "found" | "not found";
  triples: number;
  /** The answers of the run of a seed. */
  answer: (seed: number) => Answer;
  features?: Plan["features"];
}

const prefills = (["comply", "refuse"] as const).map(
  (opening) => ({ kind: "prefill", opening, tokens: 5, text: opening }) as const,
);

/** Draws of a prompt's answers that are shared by its conditions and its partners, so that pairs are not independent. */
const fixed = (prompt: Prompt, seed: number, what: string): Random =>
  random(`${seed} ${prompt.pair ?? prompt.id} ${what}`);

/** Hazards are refused in a share of pairs; half of what the tiers have in common is the pair's own. */
const tiers =
  (hazard: number, benign: number) =>
  (seed: number): Answer =>
  (prompt, _, r) => {
    const rate = isHazard(prompt) ? hazard : benign;
    const u =
      fixed(prompt, seed, "half").uniform() < 0.5 ? fixed(prompt, seed, "tier").uniform() : r.uniform();
    return { outcome: u < rate ? "refuse" : "comply" };
  };

const otherwise = { template: "none", prefill: "prefill" } as const satisfies Record<string, Asked>;

/** Hazards are refused at `from` in chat; a `loss` of all hazards is refused there and not under the condition. */
const losing =
  (under: "template" | "short" | "framing" | "prefill", from: number, loss: number) =>
  (seed: number): Answer =>
  (prompt, asked, r) => {
    if (!isHazard(prompt)) return { outcome: "comply" };
    if (under === "framing") {
      const rate = prompt.framing === "roleplay" ? from - loss : from;
      return { outcome: r.uniform() < rate ? "refuse" : "comply" };
    }
    const u = fixed(prompt, seed, "refuses").uniform();
    if (u >= from) return { outcome: "comply" };
    const isLost = u < loss;
    if (under !== "short") return { outcome: isLost && asked === otherwise[under] ? "comply" : "refuse" };
    return { outcome: "refuse", token: isLost ? 100 : 3 };
  };

/** Refusals move both ways between the chat template and the condition, and as often each way. */
const moving =
  (under: keyof typeof otherwise, from: number, moved: number) =>
  (seed: number): Answer =>
  (prompt, asked) => {
    if (!isHazard(prompt)) return { outcome: "comply" };
    const u = fixed(prompt, seed, "moves").uniform();
    const isOther = asked === otherwise[under];
    const refuses = u < from - moved || (u < from ? !isOther : u < from + moved && isOther);
    return { outcome: refuses ? "refuse" : "comply" };
  };

const percent = (share: number) => Number((100 * share).toFixed(1));

const sizes = values.triples.split(",").map(Number);
const benign = Number(values.benign);
const nulls: Scenario[] = [
  ...sizes.flatMap((triples) =>
    [0.1, 0.3, 0.5].map(
      (rate): Scenario => ({
        what: `both tiers refused at ${rate}`,
        headline: "headline.refuses",
        claim: "found",
        triples,
        answer: tiers(rate, rate),
      }),
    ),
  ),
  ...sizes.map(
    (triples): Scenario => ({
      what: "hazards refused 20 points more",
      headline: "headline.refuses",
      claim: "not found",
      triples,
      answer: tiers(0.3, 0.1),
    }),
  ),
  ...sizes.flatMap((triples): Scenario[] => [
    {
      what: "5% of benign refused",
      headline: "headline.over_refuses",
      claim: "found",
      triples,
      answer: tiers(0.5, 0.05),
    },
    {
      what: "10% of benign refused",
      headline: "headline.over_refuses",
      claim: "not found",
      triples,
      answer: tiers(0.6, 0.1),
    },
  ]),
  ...sizes.flatMap((triples): Scenario[] => [
    {
      what: "refusals move both ways, no loss",
      headline: "headline.survives.template",
      claim: "not found",
      triples,
      answer: moving("template", 0.6, 0.15),
    },
    {
      what: "loss of 20 points",
      headline: "headline.survives.template",
      claim: "found",
      triples,
      answer: losing("template", 0.9, 0.2),
    },
    {
      what: "refusals move both ways, no loss",
      headline: "headline.survives.prefill",
      claim: "not found",
      triples,
      answer: moving("prefill", 0.6, 0.15),
    },
    {
      what: "loss of 20 points",
      headline: "headline.survives.prefill",
      claim: "found",
      triples,
      answer: losing("prefill", 0.9, 0.2),
    },
    {
      what: "loss of 20 points",
      headline: "headline.survives.short",
      claim: "found",
      triples,
      answer: losing("short", 0.9, 0.2),
    },
    {
      what: "no framing matters",
      headline: "headline.survives.framing",
      claim: "not found",
      triples,
      answer: losing("framing", 0.8, 0),
    },
  ]),
  {
    what: "one framing loses 20 points",
    headline: "headline.survives.framing",
    claim: "found",
    triples: 160,
    answer: losing("framing", 0.95, 0.2),
  },
  {
    what: "features are noise",
    headline: "headline.inside",
    claim: "found",
    triples: 32,
    answer: tiers(0.8, 0.1),
    features: (_prompt, _outcome, r) => noise(r),
  },
];

const powers: Scenario[] = sizes.flatMap((triples) =>
  values.effects
    .split(",")
    .map(Number)
    .flatMap((effect): Scenario[] => [
      {
        what: `+${percent(effect)} points`,
        headline: "headline.refuses",
        claim: "found",
        triples,
        answer: tiers(benign + effect, benign),
      },
      {
        what: `${percent(effect)}% of benign`,
        headline: "headline.over_refuses",
        claim: "found",
        triples,
        answer: tiers(0.95, effect),
      },
      {
        what: `−${percent(effect)} points`,
        headline: "headline.survives.template",
        claim: "not found",
        triples,
        answer: losing("template", 0.8, effect),
      },
      {
        what: `−${percent(effect)} points`,
        headline: "headline.survives.short",
        claim: "not found",
        triples,
        answer: losing("short", 0.8, effect),
      },
      {
        what: `−${percent(effect)} points`,
        headline: "headline.survives.prefill",
        claim: "not found",
        triples,
        answer: losing("prefill", 0.8, effect),
      },
      {
        what: `−${percent(effect)} points`,
        headline: "headline.survives.framing",
        claim: "not found",
        triples,
        answer: losing("framing", 0.8, effect),
      },
    ]),
);
const agreeing: Scenario[] = sizes.flatMap((triples) =>
  [1, 2, 4].map(
    (size): Scenario => ({
      what: `refusal features + ${size} SD`,
      headline: "headline.inside",
      claim: "found",
      triples,
      answer: tiers(0.8, 0.1),
      features: (_prompt, outcome, r) => {
        const f = noise(r);
        if (outcome === "refuse") for (let i = 0; i < 5; i++) f[i]! += size;
        return f;
      },
    }),
  ),
);

for (const { what, headline, claim, triples, answer, features } of (values.power
  ? [...powers, ...agreeing]
  : nulls
).filter((scenario) => scenario.headline.includes(values.only))) {
  let claims = 0;
  let open = 0;
  for (let run = 0; run < runs; run++) {
    const seed = Number(values.seed) * 1_000_000 + run;
    const given = answer(seed);
    const input = world(seed, {
      triples,
      controls: features === undefined ? 0 : 12,
      answer: given,
      variants: { asked: prefills, answer: (prompt, _, r) => given(prompt, "prefill", r).outcome },
      ...(features === undefined ? {} : { features }),
    });
    // Exact tests need no resamples; the inside view does.
    const findings = analyse({ ...input, resamples: features === undefined ? 2 : 100 });
    const made = findings.find(({ id }) => id === headline)!;
    if (made.status === claim) claims++;
    if (made.primary !== undefined) open++;
  }
  console.log(
    `${headline} | ${claim} | ${triples} triples | ${what} | ${((100 * claims) / runs).toFixed(1)}% of ${runs} | tested in ${((100 * open) / runs).toFixed(0)}%`,
  );
}
