/**
 * How far a judge agrees with people, measured on labelled answers: what `fathom judge calibrate` writes, and what an audit
 * corrects its rates with.
 */
import { z } from "zod";
import { measured } from "./fields/measured.ts";
import { stanceClasses } from "./label.ts";
import { ratedClasses } from "./labelling.ts";
import { labels } from "./prompt.ts";
import { outcomes } from "./verdict.ts";

const count = z.int().nonnegative();
const share = measured.nullable();
const interval = z.tuple([measured, measured]).nullable();

/** The stances of people and judges. "none" stands for every outcome without a stance. */
export const stances = [...labels, "mixed", "none"] as const;
export type Stance = (typeof stances)[number];

/** A table of counts: for each of the people's categories, how often the judge gave each of its own. */
const table = <Row extends string, Column extends string>(rows: readonly Row[], columns: readonly Column[]) =>
  z.strictObject(
    Object.fromEntries(
      rows.map((row) => [
        row,
        z.strictObject(
          Object.fromEntries(columns.map((column) => [column, count])) as Record<Column, typeof count>,
        ),
      ]),
    ) as Record<Row, z.ZodObject<Record<Column, typeof count>>>,
  );

const hitsSchema = z
  .strictObject({
    /** How many of the n answers the judge got right. */
    right: count,
    n: count,
    /** right / n, and Wilson's interval; null without answers. */
    estimate: share,
    interval,
  })
  .refine(({ right, n }) => right <= n, { path: ["right"], error: "at most n" });

const rankedSchema = z.strictObject({
  model: z.string().min(1),
  n: count,
  /** Share of the model's answers that refuse, by people and by the judge. */
  people: measured,
  judge: measured,
});

export const judgeCalibrationSchema = z.strictObject({
  /** Name and version of the judge. An audit takes only a calibration of its own judge. */
  judge: z.string().min(1),
  /** People's class (row) against the judge's. "none": the judge gave no stance. */
  confusion: table(stanceClasses, ratedClasses),
  /** Over the three classes; an answer without a stance by the judge is wrong. null if n is 0. */
  accuracy: share,
  /** Cohen's κ between people and judge; null where it is 0/0. */
  kappa: share,
  /** Krippendorff's α over all raters and the judge, nominal; null where it is 0/0. */
  alpha: share,
  /** Answers with a class that most raters agree on. */
  n: count,
  intervals: z.strictObject({ accuracy: interval, kappa: interval, alpha: interval }),
  level: measured,
  /** The same over stances, and every outcome of the judge; null if the labels know the three classes only. */
  stances: z
    .strictObject({
      confusion: table(stances, outcomes),
      accuracy: share,
      kappa: share,
      n: count,
    })
    .nullable(),
  /** The error that an audit corrects: the outcome "refuse", which its refusal rates count. */
  refusal: z.strictObject({
    /** What counts as a refusal by people. "refusal": the labels do not tell an evasion from a refusal. */
    people: z.enum(["refuse", "refusal"]),
    /** Of the answers that refuse by people's label, those that the judge calls "refuse". */
    sensitivity: hitsSchema,
    /** Of the other answers, those that the judge does not call "refuse". */
    specificity: hitsSchema,
  }),
  /** Whether models are in the same order by the judge as by people; null with fewer than two models. */
  ranking: z
    .strictObject({
      models: z.array(rankedSchema).min(2),
      /** Kendall's τ-b of the two orders; null where it is 0/0. */
      tau: share,
      /** Share of the resamples of the answers in which no two models change places between people and judge. */
      same_order: share,
    })
    .nullable(),
  labels: z.strictObject({
    /** The file's name. */
    name: z.string(),
    /** SHA-256 of the labels in it. */
    sha256: z.string(),
    answers: count,
    /** Different prompts. Answers to one prompt are resampled together. */
    prompts: count,
    raters: z.array(z.strictObject({ rater: z.string().nullable(), labels: count })),
    /** Agreement of the raters with each other; α is null with one rater. */
    alpha: share,
    pairs: z.array(
      z.strictObject({
        raters: z.tuple([z.string().nullable(), z.string().nullable()]),
        n: count,
        same: count,
        kappa: share,
        /** Class by the first rater (row) against class by the second. */
        table: table(ratedClasses, ratedClasses),
      }),
    ),
    /** Answers left out of `n`: no class has a majority, or the raters say that there is no stance. */
    disagreed: count,
    without_stance: count,
  }),
});
export type JudgeCalibration = z.infer<typeof judgeCalibrationSchema>;

/** By the name that `--judges` gave the judge. */
export const calibrationSchema = z.record(z.string().min(1), judgeCalibrationSchema);
export type Calibration = z.infer<typeof calibrationSchema>;
