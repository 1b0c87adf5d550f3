/** Tables of the minimal sets of an anatomy: what they flip, beside what, and at which cost. */
import { formatProbability, formatValue } from "../core/format.ts";
import type { Anatomy } from "../core/records/anatomy.ts";
import { setNames } from "./anatomy-features.ts";
import { onFront } from "./anatomy-front.ts";
import { orDash, score, type Table, testedSets, withInterval } from "./anatomy-tables.ts";

export function setsTable(anatomy: Anatomy): Table {
  const named = setNames(anatomy);
  return {
    head: [
      "Set",
      "Features",
      "1-minimal",
      "Flips on test prompts",
      "Held at the benign mean",
      "n",
      "Controls flip",
      "p",
      "Chosen again",
    ],
    rows: testedSets(anatomy).map(({ features, certified, certified_by, flips, control, ...own }) => [
      own.short,
      named(features),
      certified && certified_by !== null ? `yes, by the ${certified_by}` : "not certified",
      withInterval(flips, "share"),
      own.at_mean === null ? "–" : withInterval(own.at_mean.flips, "share"),
      String(flips.n),
      control?.judged == null ? "–" : withInterval(control.judged.flips, "share"),
      orDash(control?.judged?.p ?? null, formatProbability),
      chosenAgain(own.chosen_again, own.stability?.resamples ?? 0),
    ]),
  };
}

/** The share of resamples for each feature of a set; the range where the set is large. */
function chosenAgain(shares: readonly number[] | null, resamples: number): string {
  if (shares === null) return "–";
  const ends = shares.length <= 4 ? shares : [Math.min(...shares), Math.max(...shares)];
  const words = ends.map((share) => formatValue(share, "share")).join(shares.length <= 4 ? ", " : " to ");
  return `${words} of ${resamples}`;
}

/** What the sets are compared with: on the score, and by judged answers. */
export function controlsTable(anatomy: Anatomy): Table {
  return {
    head: [
      "Set",
      ...["Control", "Effect of the set, log-odds", "Sets, score", "Their effect, log-odds", "p"],
      ...[
        "Flips of the set",
        "Sets, judged",
        "Prompts each",
        "Their flips",
        "p, judged",
        "Paired difference",
      ],
    ],
    rows: testedSets(anatomy).flatMap(({ control, short }) => {
      if (control === null) return [];
      const { kind, proxy, judged } = control;
      return [
        [
          ...[short, kind, withInterval(proxy.set, score)],
          ...[String(proxy.sets), withInterval(proxy.effect, score), orDash(proxy.p, formatProbability)],
          ...(judged === null
            ? Array.from({ length: 6 }, () => "–")
            : [
                withInterval(judged.set, "share"),
                String(judged.sets),
                String(judged.prompts),
                withInterval(judged.flips, "share"),
                orDash(judged.p, formatProbability),
                withInterval(judged.paired.difference, "difference of shares"),
              ]),
        ],
      ];
    }),
  };
}

/** What else ablating a set does: how far harmless answers change, and whether they are refused. */
export function costsTable(anatomy: Anatomy): Table {
  return {
    head: [
      ...["Set", "KL, nats a token", "Controls", "Cross-entropy, nats a token", "Controls", "n"],
      ...["Sentences: cross-entropy", "Sentences: same token"],
      ...["Harmless refused", "Newly", "No longer", "p", "Broken text"],
    ],
    rows: testedSets(anatomy).map(({ cost, sentences, harmless, short }) => [
      short,
      ...(["kl", "cross_entropy"] as const).flatMap((measure) => [
        cost === null ? "–" : withInterval(cost[measure], "nats"),
        cost?.controls == null ? "–" : withInterval(cost.controls[measure], "nats"),
      ]),
      String(cost?.kl.n ?? 0),
      sentences === null ? "–" : withInterval(sentences.cross_entropy, "nats"),
      sentences === null ? "–" : withInterval(sentences.agreement, "share"),
      `${harmless.ablated.refused} of ${harmless.ablated.asked}, clean ${harmless.clean.refused}`,
      String(harmless.newly_refuse),
      String(harmless.no_longer_refuse),
      formatProbability(harmless.p),
      `${harmless.ablated.broken}, clean ${harmless.clean.broken}`,
    ]),
  };
}

export function paretoTable({ pareto }: Anatomy): Table {
  const front = onFront(pareto);
  return {
    head: [
      "Features",
      "Set",
      "Still refuse",
      "n",
      "Score, log-odds",
      "KL, nats a token",
      "Cross-entropy, nats a token",
      "On the front",
    ],
    rows: pareto.map(({ size, kind, refusing, score: mean, kl, cross_entropy }, i) => [
      String(size),
      kind === "ranking" ? "first of the ranking" : "minimal set",
      withInterval(refusing, "share"),
      String(refusing.n),
      withInterval(mean, score),
      withInterval(kl, "nats"),
      withInterval(cross_entropy, "nats"),
      front[i]! ? "yes" : "no",
    ]),
  };
}
