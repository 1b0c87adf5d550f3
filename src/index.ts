/** Fathom as a library: everything that a program may import (docs/library.md). */
export { FathomError, type Problem } from "./core/errors.ts";
export type { Finding } from "./core/records/finding.ts";
export type { Observation } from "./core/records/observation.ts";
export type { Message, Prompt } from "./core/records/prompt.ts";
export type { Verdict } from "./core/records/verdict.ts";
export type { AuditEvent } from "./jobs/audit/audit-events.ts";
export type { Manifest } from "./jobs/audit/manifest.ts";
export { type RunRecords, readRun } from "./jobs/audit/run.ts";
export type { JobEvent } from "./jobs/job/job-events.ts";
export {
  type AuditedRun,
  type AuditOptions,
  type AuditRequest,
  audit,
  type WrittenCategory,
  type WrittenSide,
} from "./library/audit.ts";
export {
  type Captured,
  type CaptureOptions,
  type Generated,
  type GenerateOptions,
  type GradientOptions,
  type Gradients,
  type Model,
  type ModelInput,
  type OpenModelOptions,
  openModel,
} from "./library/model.ts";
export { type OpenSaeOptions, openSae, type Sae } from "./library/sae.ts";
export type { Edit } from "./model/engine/edits/edit.ts";
export type { Encoded } from "./sae/code/coder.ts";
