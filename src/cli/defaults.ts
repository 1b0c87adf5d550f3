/** Every default of Fathom. Below the command line nothing is assumed, so what a run was made with is all in its plan. */
import type { AuditPlan } from "../runs/plan.ts";

/** Exact. */
export const precisionDefault = "fp32";
export const deviceDefault = "cpu";

export const auditDefaults: Omit<AuditPlan, "model" | "prompts"> = {
  adapter: null,
  precision: precisionDefault,
  device: deviceDefault,
  fidelity: false,
  // Where a rounded model begins to be another one: at it, the best token is no longer fp32's about one time in ten.
  fidelity_bound: 0.05,
  sae: null,
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

/** For real models; a set of the model's own domain judges better. */
export const saeCheckDefaults = { prompts: "biology" } as const;

export const rescoreDefaults = { seed: 0 } as const;

export const reportDefaults = { formats: ["html", "md"] } as const;
