/** Every default of Fathom, for a program and for the command line. Below these two nothing is assumed: a plan says all of a run. */
import { published } from "../audit/features/published-categories.ts";
import type { AuditPlan } from "../jobs/audit/plan.ts";

/** Exact. */
export const precisionDefault = "fp32";
export const deviceDefault = "cpu";

/** `categories` by the name that namedCategories knows. */
export const auditDefaults: Omit<AuditPlan, "model" | "prompts" | "categories"> & { categories: string } = {
  adapter: null,
  precision: precisionDefault,
  device: deviceDefault,
  fidelity: false,
  // Between what was measured of harmless rounding (0.004 nats, 96% the same best token) and of a model that had become
  // another one (0.076 and 0.134, 83%): docs/performance.md.
  fidelity_bound: 0.05,
  sae: [],
  pooling: "mean",
  allow_failed: false,
  categories: published,
  projection: false,
  templates: ["chat", "none"],
  caps: [80, 150, 200],
  seeds: [0],
  temperature: 0,
  system: null,
  framings: null,
  limit: null,
  layer: null,
  batch_size: 32,
  seed: 0,
  show_text: false,
};

export const generateDefaults = { temperature: 0, seed: 0, batchSize: 32 } as const;

export const judgeDefaults = { judges: ["rules"] } as const;

/** For real models; a set of the model's own domain judges better. */
export const saeCheckDefaults = { prompts: "biology" } as const;

/** Two minutes of a small model's reading; a page of about a megabyte. */
export const saeReportDefaults = {
  tokens: 32_768,
  features: 200,
  seed: 0,
  limits: { strongest: 5, drawn: 3, before: 20, behind: 10, logits: 10 },
} as const;

/** `checkpointEvery`: steps that a kill may cost. */
export const trainDefaults = { objective: "topk", checkpointEvery: 100 } as const;

/** Tiers and weight are the published ones: a tier between the two would be driven from both. */
export const domainDefaults = {
  contrastive: "mean-cosine",
  contrastiveWeight: 0.1,
  tiers: ["benign", "hazard_adjacent"],
  pool: "mean",
  // Of one seed the verdict says that it is of one; random tiers cost half as much again, and without them a gain is no tier's.
  seeds: 1,
  randomTiers: true,
} as const;

export const rescoreDefaults = { seed: 0 } as const;

export const reportDefaults = { formats: ["html", "md"] } as const;
