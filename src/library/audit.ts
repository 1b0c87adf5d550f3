/** Audits for programs: takes a plan, writes a run's directory and returns its records. */
import { badInput } from "../core/errors.ts";
import type { Side } from "../core/records/category.ts";
import { audit as job } from "../jobs/audit/audit.ts";
import type { AuditEvent } from "../jobs/audit/audit-events.ts";
import { type AuditPlan, type NamedSae, planIn, readPlanFile } from "../jobs/audit/plan.ts";
import { type RunRecords, readRun } from "../jobs/audit/run.ts";
import { reportOfRun } from "../jobs/audit-report/report-of-run.ts";
import { type ReportFormat, requireTemplate, writeReport } from "../jobs/report-files/report-files.ts";
import type { WrittenFieldMap } from "../prompts/columns/field-map.ts";
import { reportDefaults } from "./defaults.ts";
import { statedPlan, withoutUndefined } from "./stated-plan.ts";

/** The conditions of a side. All stated conditions must hold; each is one value, or a list of values of which one must hold. */
export type WrittenSide = { [Field in keyof Side]?: Side[Field] | NonNullable<Side[Field]>[number] };

/** A category of features (docs/cli.md#categories). */
export interface WrittenCategory {
  name: string;
  has: WrittenSide;
  lacks: WrittenSide;
  features?: number;
  least_effect?: number;
}

/** The plan of an audit, by the keys of audit.yaml (schemas/audit.schema.json). A key that is left out has its default. */
export interface AuditRequest
  extends Partial<Omit<AuditPlan, "model" | "prompts" | "map" | "sae" | "categories">> {
  /** A Hugging Face folder, a .gguf file, or a repository of the hub. Only a plan with `answers` may leave it out. */
  model?: string;
  /**
   * A bundled set (biology, fiction, requests, fiction-requests), a JSON Lines or CSV file, or - for standard input. Only a plan with
   * `answers` whose file holds prompts and tiers may leave it out.
   */
  prompts?: string;
  /** Where the fields of a prompt come from, if the file's columns have other names or values (docs/cli.md#columns-of-any-name). */
  map?: WrittenFieldMap;
  sae?: NamedSae | readonly NamedSae[];
  /** published, a file of categories, or the list itself. In a list, a published category may be given by its name. */
  categories?: string | readonly (string | WrittenCategory)[];
}

export interface AuditOptions {
  /** The run's directory: new, empty, or with `resume` a run of the same plan. A plan file may name it instead. */
  out?: string;
  /** Go on with the run in `out`; false when not given. */
  resume?: boolean;
  /** Threads of the engine; one for each core when not given. */
  threads?: number;
  /** false keeps no rounded weights on the disk for the next time. */
  cache?: boolean;
  /** Reports that are written into the directory; html and md when not given, [] for none. */
  report?: readonly ReportFormat[];
  /** Aborting it stops the audit between two tokens. What is finished is kept, and `resume` goes on from there. */
  signal?: AbortSignal;
  /** Called with every event of the audit. */
  onProgress?: (event: AuditEvent) => void;
}

export interface AuditedRun extends RunRecords {
  /** The run's directory. */
  out: string;
}

/**
 * Runs an audit: asks every prompt under every condition or takes recorded answers, judges, analyses, and writes everything to the run's directory.
 * @param plan the path of a plan file (paths in it are relative to the file), or the plan itself (paths in it are relative to
 *   the current folder)
 * @returns the records of the run, as `readRun` returns them
 * @throws FathomError for a plan that cannot be carried out, for a directory that is not this run's, if the rounded model is
 *   further from fp32 than `fidelity_bound`, and if the disk or the engine fails
 * @throws the signal's reason if it was aborted
 */
export async function audit(plan: string | AuditRequest, options: AuditOptions = {}): Promise<AuditedRun> {
  const { resume = false, threads = null, cache = true, report = reportDefaults.formats } = options;
  const { out: named, ...asked } =
    typeof plan === "string"
      ? readPlanFile(plan)
      : planIn({ value: withoutUndefined(plan), at: (key) => ["plan", ...key].join(" ") });
  const stated = statedPlan(asked, {
    said: (key) => `plan ${key}`,
    elsewhere: "which has no default",
    hint: "docs/library.md has an example",
  });
  const out = options.out ?? named;
  if (out === undefined)
    throw badInput("out", "the run's directory", "none", 'audit(plan, { out: "runs/NAME" })');
  if (report.includes("html")) requireTemplate();
  const signal = options.signal ?? new AbortController().signal;
  const tell = options.onProgress ?? (() => undefined);
  const result = await job(stated, { out, resume, threads, keepRounded: cache, tell, signal });
  if (!result.finished)
    throw badInput(
      "fidelity",
      `at most ${stated.fidelity_bound} nats of mean KL(fp32 ‖ ${stated.precision})`,
      String(result.tooFar.kl.mean),
      "a finer precision, or a higher fidelity_bound, into a new directory",
    );
  if (report.length > 0) writeReport(reportOfRun(result.run, stated.show_text), out, report);
  return { ...readRun(out), out };
}
