/**
 * Recomputes D from the s, f and T that another tool recorded, and compares it with its null distributions. The D in the
 * records is not used: it is only shown beside ours.
 */
import { z } from "zod";
import { badInput } from "../../core/errors.ts";
import { type Random, random } from "../../core/random.ts";
import { measured } from "../../core/records/fields/measured.ts";
import { cohensD, cohensDInterval } from "../../stats/effect.ts";
import { groupedFolds } from "../../stats/folds.ts";
import { groupBy } from "../../stats/group.ts";
import type { Interval } from "../../stats/proportion.ts";
import { mean, standardDeviation, variance } from "../../stats/summary.ts";
import { foldCount, intervalLevel, intervalResamples } from "../common/choices.ts";
import { type Alignment, crossFit, divergence } from "../divergence/divergence.ts";
import { type LabelShare, labelShare } from "../divergence/label-share.ts";

const vector = z.array(measured);
/** One number of s: the share of a label. Rounded by another tool, it may be a little outside of [0, 1]. */
const share = z.number().min(-0.01).max(1.01);
const recordSchema = z.looseObject({
  id: z.string().min(1),
  tier: z.string().min(1),
  label: z.string().min(1),
  label_rejudged: z.string().min(1).optional(),
  s: z.array(share).nullish(),
  f: vector.nullish(),
  D: measured.nullish(),
});
type RecordedAnswer = z.infer<typeof recordSchema>;

const recordsSchema = z.looseObject({
  surface_order: z.array(z.string()).min(1),
  feature_order: z.array(z.string()).min(1),
  T: z.record(z.string(), z.array(vector)),
  runs: z
    .array(
      z.looseObject({
        run: z.string().min(1),
        calibration: z.string().nullish(),
        records: z.array(recordSchema).min(1),
      }),
    )
    .min(1),
});
type RecordedRun = z.infer<typeof recordsSchema>["runs"][number];

export interface TierRow {
  tier: string;
  /** How many records have a defined D, and how many have none. */
  n: number;
  undefined: number;
  mean: number | null;
  /** Population standard deviation (divided by n), as published. */
  sd: number | null;
  /** Against the benign tier, as published: difference of the means, divided by √(mean of the two population variances). */
  d_as_published: number | null;
  /** Against the benign tier, with the pooled sample variance. */
  d: number | null;
  d_interval: Interval | null;
  /**
   * The same d when each record's T is fitted on other records only. The published T was fitted on the records that it scores.
   */
  d_held_out: number | null;
}

export interface LabelRow {
  source: "label" | "label_rejudged";
  label: string;
  n: number;
  undefined: number;
  mean: number | null;
  sd: number | null;
  /** How many records under this label have a uniform s: no judge voted, and the label is a default (weakness 3). */
  no_vote: number;
}

export interface RescoredRun {
  run: string;
  records: { id: string; D: number | null; recorded: number | null }[];
  tiers: TierRow[];
  labels: LabelRow[];
  label_share: LabelShare;
}

export interface Rescored {
  runs: RescoredRun[];
}

/**
 * @param records the parsed JSON of a file like biorefusalaudit-records.json
 * @throws FathomError naming the first place where the input does not have that shape.
 */
export function rescore(
  records: unknown,
  options: { seed?: number | string; level?: number; resamples?: number } = {},
): Rescored {
  const { seed = 0, level = intervalLevel, resamples = intervalResamples } = options;
  const parsed = recordsSchema.safeParse(records);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw badInput(
      `records${issue.path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("")}`,
      "the shape of biorefusalaudit-records.json (surface_order, feature_order, T, runs)",
      issue.message,
    );
  }
  const { surface_order, feature_order, T, runs } = parsed.data;
  for (const [name, matrix] of Object.entries(T)) {
    if (matrix.length !== surface_order.length || matrix.some((row) => row.length !== feature_order.length))
      throw badInput(
        `records.T.${name}`,
        `${surface_order.length} rows of ${feature_order.length} numbers`,
        `${matrix.length} rows of ${[...new Set(matrix.map((row) => row.length))].join(", ")}`,
      );
  }
  const widths = { s: surface_order.length, f: feature_order.length };
  return {
    runs: runs.map((run) => {
      checkVectors(run, widths);
      return rescoreRun(run, alignmentOf(run, T), { level, resamples, random: random(seed).split(run.run) });
    }),
  };
}

function checkVectors(run: RecordedRun, widths: { s: number; f: number }): void {
  const seen = new Set<string>();
  for (const record of run.records) {
    const where = `run ${run.run}, record ${record.id}`;
    if (seen.has(record.id)) throw badInput(where, "an id once in a run", "it twice");
    seen.add(record.id);
    for (const name of ["s", "f"] as const) {
      const found = record[name]?.length ?? widths[name];
      if (found !== widths[name]) throw badInput(where, `${name} of ${widths[name]} numbers`, String(found));
    }
  }
}

/** The T that the run names; null only if the run names none and has no features. */
function alignmentOf(run: RecordedRun, T: Record<string, number[][]>): Alignment | null {
  const { calibration } = run;
  if (calibration == null) {
    if (run.records.every(({ f }) => f == null)) return null;
    throw badInput(`run ${run.run}`, "the name of its T under calibration", "features without one");
  }
  const alignment = Object.hasOwn(T, calibration) ? T[calibration] : undefined;
  if (alignment !== undefined) return alignment;
  throw badInput(`run ${run.run}`, `calibration to be one of ${Object.keys(T).join(", ")}`, calibration);
}

interface Context {
  level: number;
  resamples: number;
  random: Random;
}

function rescoreRun(run: RecordedRun, T: Alignment | null, context: Context): RescoredRun {
  const divergences = run.records.map(({ s, f }) =>
    T === null ? null : divergence(s ?? null, f ?? null, T),
  );
  return {
    run: run.run,
    records: run.records.map(({ id, D }, i) => ({ id, D: divergences[i] ?? null, recorded: D ?? null })),
    tiers: tierRows(run, divergences, context),
    labels: [
      ...labelRows(run, divergences, "label"),
      ...(run.records.some(({ label_rejudged }) => label_rejudged !== undefined)
        ? labelRows(run, divergences, "label_rejudged")
        : []),
    ],
    label_share: shareOf(run, divergences, T, context),
  };
}

function tierRows(
  run: RecordedRun,
  divergences: (number | null)[],
  { level, random: stream }: Context,
): TierRow[] {
  const heldOut = heldOutDivergences(run, stream.split("held out"));
  const tiers = groupBy(
    run.records.map(({ tier }, i) => ({ tier, i })),
    ({ tier }) => tier,
  );
  const valuesIn = (tier: string, source: readonly (number | null)[]) =>
    (tiers.get(tier) ?? []).map(({ i }) => source[i] ?? null).filter((D) => D !== null);
  const benign = [...tiers.keys()].find((tier) => tier.startsWith("benign"));
  return [...tiers].map(([tier, members]) => {
    const values = valuesIn(tier, divergences);
    const base = benign === undefined || tier === benign ? [] : valuesIn(benign, divergences);
    const d = finite(cohensD(values, base));
    return {
      tier,
      ...spread(values, members.length),
      d_as_published:
        d === null
          ? null
          : (mean(values) - mean(base)) / Math.sqrt((variance(values, 0) + variance(base, 0)) / 2),
      d,
      d_interval: d === null ? null : cohensDInterval(d, values.length, base.length, level),
      d_held_out: d === null ? null : finite(cohensD(valuesIn(tier, heldOut), valuesIn(benign!, heldOut))),
    };
  });
}

/** D [records] with a T fitted on the other folds; null where s or f is absent. */
function heldOutDivergences(run: RecordedRun, stream: Random): (number | null)[] {
  const usable = run.records.flatMap(({ s, f }, i) => (s == null || f == null ? [] : [{ i, s, f }]));
  const out = new Array<number | null>(run.records.length).fill(null);
  if (usable.length < foldCount) return out;
  const folds = groupedFolds(
    usable.map(({ i }) => run.records[i]!.id),
    usable.map(({ i }) => run.records[i]!.tier),
    foldCount,
    stream,
  );
  crossFit(usable, folds).forEach((D, place) => {
    out[usable[place]!.i] = D;
  });
  return out;
}

function labelRows(run: RecordedRun, divergences: (number | null)[], source: LabelRow["source"]): LabelRow[] {
  const labelled = run.records.map((record, i) => ({ record, D: divergences[i] ?? null }));
  return [...groupBy(labelled, ({ record }) => record[source] ?? "unlabelled")].map(([label, members]) => ({
    source,
    label,
    ...spread(
      members.map(({ D }) => D).filter((D) => D !== null),
      members.length,
    ),
    no_vote: members.filter(({ record }) => isUniform(record)).length,
  }));
}

function shareOf(
  run: RecordedRun,
  divergences: (number | null)[],
  T: Alignment | null,
  context: Context,
): LabelShare {
  const scored = run.records.flatMap((record, i) => {
    const D = divergences[i] ?? null;
    return D === null ? [] : [{ record, D, label: record.label, tier: record.tier, cluster: record.id }];
  });
  const features = scored.map(({ record }) => record.f ?? null);
  const shuffled = (stream: Random) => {
    const dealt = stream.shuffle(features);
    return scored.map(({ record }, i) => divergence(record.s ?? null, dealt[i]!, T!) ?? NaN);
  };
  return labelShare(scored, T === null ? null : shuffled, context);
}

function spread(values: readonly number[], members: number) {
  return {
    n: values.length,
    undefined: members - values.length,
    mean: values.length === 0 ? null : mean(values),
    sd: values.length === 0 ? null : standardDeviation(values, 0),
  };
}

function isUniform({ s }: RecordedAnswer): boolean {
  return s != null && s.length > 1 && s.every((share) => Math.abs(share - s[0]!) < 1e-9);
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
