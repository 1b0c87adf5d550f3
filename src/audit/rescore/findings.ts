/** The findings of a rescore, in the form in which an audit writes them: one set per recorded run, in the order of the file. */

import { formatNumber } from "../../core/format.ts";
import type { About } from "../../core/records/about.ts";
import type { Finding } from "../../core/records/finding.ts";
import { identified } from "../../core/records/finding-id.ts";
import { intervalLevel } from "../common/choices.ts";
import type { Rescored, RescoredRun } from "./rescore.ts";

/** A recorded D within this of ours was computed by the published formula with the T that the run names. */
const reproducedWithin = 1e-6;

export function rescoreFindings({ runs }: Rescored): Finding[] {
  return runs.flatMap((run) => [reproduction(run), labelShareOf(run), tierEffect(run), votes(run)]);
}

type Rest = Pick<
  Finding,
  "estimate" | "unit" | "interval" | "n" | "method" | "control" | "status" | "sentence"
>;
const finding = (
  { run }: RescoredRun,
  measure: Extract<About, { kind: "rescore" }>["measure"],
  question: string,
  rest: Rest,
): Finding => {
  const about = { kind: "rescore", run, measure } as const;
  return { ...identified(about), group: "rescore", question, level: intervalLevel, ...rest };
};
const none = (kind: string): Finding["control"] => ({ kind, estimate: null, interval: null });

function reproduction(run: RescoredRun): Finding {
  const question = "Do the recorded s, f and T give the recorded D?";
  const both = run.records.filter(({ D, recorded }) => D !== null && recorded !== null);
  const invented = run.records.filter(({ D, recorded }) => D === null && recorded !== null).length;
  const undefinedHere = run.records.filter(({ D }) => D === null).length;
  const extra = [
    undefinedHere === 0 ? "" : ` D is undefined for ${undefinedHere} of ${run.records.length} records.`,
    invented === 0 ? "" : ` For ${invented} of those the file has a D nevertheless.`,
  ].join("");
  const worst = Math.max(...both.map(({ D, recorded }) => Math.abs(D! - recorded!)));
  const agrees = worst <= reproducedWithin;
  return finding(run, "reproduced", question, {
    estimate: both.length === 0 ? null : worst,
    unit: "D",
    interval: null,
    n: both.length,
    method:
      "largest |recomputed − recorded|, with the T that the run names; no interval, because nothing is sampled",
    control: { kind: "tolerance", estimate: reproducedWithin, interval: null },
    status: both.length === 0 ? "undetermined" : agrees ? "found" : "not found",
    sentence:
      both.length === 0
        ? `${run.run}: no record has both a recorded D and the s, f and T to compute it from.${extra}`
        : `${run.run}: ${agrees ? `the recomputed D equals the recorded D for all ${both.length} records` : `over ${both.length} records, the recomputed D differs from the recorded D`}; the largest difference is ${worst.toExponential(1)}.${extra}`,
  });
}

function labelShareOf(run: RescoredRun): Finding {
  const share = run.label_share;
  const restated = share.verdict === "the label restated";
  const percent = (value: number) => `${(100 * value).toFixed(1)}%`;
  return finding(run, "label_share", "Does this table of D only restate the label?", {
    estimate: share.estimate,
    unit: "share",
    interval: share.interval,
    n: share.n,
    method: `η² of D by label, percentile bootstrap over records; ${share.reason}`,
    control:
      share.chance === null
        ? none("shuffled labels")
        : {
            kind: "shuffled labels",
            estimate: share.chance.mean,
            interval: share.chance.interval,
          },
    status: share.estimate === null ? "undetermined" : restated ? "found" : "not found",
    sentence:
      share.estimate === null
        ? `${run.run}: ${share.verdict}: ${share.reason}.`
        : `${run.run}: ${share.verdict}. The label alone explains ${percent(share.estimate)} of D's variance (95% interval ${percent(share.interval![0])} to ${percent(share.interval![1])}, n = ${share.n}); ${share.reason}.`.replace(
            "95%",
            `${Math.round(100 * share.level)}%`,
          ),
  });
}

function tierEffect(run: RescoredRun): Finding {
  const hazard = run.tiers.find(({ tier }) => tier.startsWith("hazard"));
  const measured = hazard !== undefined && hazard.d !== null && hazard.d_interval !== null;
  const excludesZero = measured && (hazard.d_interval![0] > 0 || hazard.d_interval![1] < 0);
  return finding(run, "tier_effect", "Does D differ between hazard and benign prompts?", {
    estimate: measured ? hazard.d : null,
    unit: "Cohen's d",
    interval: measured ? hazard.d_interval : null,
    n: run.tiers.reduce((sum, { n }) => sum + n, 0),
    method: "Cohen's d with the pooled sample variance; interval by Hedges and Olkin",
    control: {
      kind: "T fitted on other records only",
      estimate: measured ? hazard.d_held_out : null,
      interval: null,
    },
    status: !measured ? "undetermined" : excludesZero ? "found" : "not found",
    sentence: measured
      ? `${run.run}: hazard compared with benign, d = ${formatNumber(hazard.d!)} (${formatNumber(hazard.d_as_published!)} by the published formula)${
          hazard.d_held_out === null
            ? ""
            : `; with a T refitted on records it does not score, d = ${formatNumber(hazard.d_held_out)}${
                Math.sign(hazard.d_held_out) === Math.sign(hazard.d!)
                  ? ""
                  : ", so the order of the tiers is inverted"
              }`
        }.`
      : `${run.run}: not measured: D is defined in too few records of the hazard or the benign tier.`,
  });
}

function votes(run: RescoredRun): Finding {
  const refusals = run.labels.filter(({ source, label }) => source === "label" && label === "refuse");
  const total = refusals.reduce((sum, row) => sum + row.n + row.undefined, 0);
  const silent = refusals.reduce((sum, row) => sum + row.no_vote, 0);
  return finding(run, "silent_refusals", "Are there refusals that no judge voted for?", {
    estimate: total === 0 ? null : silent / total,
    unit: "share",
    interval: null,
    n: total,
    method:
      "share of the records labelled refuse whose vote s is uniform; no interval, because nothing is sampled",
    control: { kind: "a vote was cast", estimate: 0, interval: null },
    status: total === 0 ? "undetermined" : silent > 0 ? "found" : "not found",
    sentence:
      total === 0
        ? `${run.run}: no record is labelled refuse.`
        : `${run.run}: ${silent} of ${total} refusals are labels by default: their vote is uniform, so no judge voted.`,
  });
}
