/** Runs `fathom sae report`: makes a plan from the options, runs the job, writes its files and prints a summary. */
import { badInput, exitCode } from "../../core/errors.ts";
import type { SaeReport } from "../../core/records/sae-report.ts";
import { requireTemplate } from "../../jobs/report-files/report-files.ts";
import { type SaeReportPlan, saeReport } from "../../jobs/sae-report/sae-report.ts";
import {
  type SaeReportFile,
  saeReportFiles,
  writeSaeReport,
} from "../../jobs/sae-report/sae-report-files.ts";
import { saeReportDefaults } from "../../library/defaults.ts";
import { printJson, printLines, requireWritable } from "../terminal/output.ts";
import { Progress } from "../terminal/progress.ts";
import { type JudgedTextOptions, judgedTexts } from "./judged-options.ts";

export interface SaeReportOptions extends JudgedTextOptions {
  model: string;
  adapter?: string;
  sae: string;
  format?: string;
  k?: number;
  tokens?: number;
  features?: number;
  show?: number[];
  layer?: number;
  seed?: number;
  allowFailed?: true;
  showText?: true;
  out?: string;
  threads?: number;
  json?: true;
  quiet?: true;
}

/**
 * @returns the exit code: 100 if the gate is closed and not overridden. The report is written in any case, and says so
 * @throws FathomError for an SAE of another width or layer, because nothing can be measured about it
 */
export async function runSaeReport(options: SaeReportOptions): Promise<number> {
  const files = filesOf(options);
  for (const { path } of files) requireWritable(path);
  if (files.some(({ path }) => path.endsWith(".html"))) requireTemplate();
  const progress = new Progress(options.quiet === true);
  try {
    const report = await saeReport(planOf(options), {
      threads: options.threads ?? null,
      keepRounded: true,
      tell: progress.tell,
      // A report cannot be resumed, so a signal simply ends the process.
      signal: new AbortController().signal,
    });
    progress.clear();
    writeSaeReport(report, files);
    if (options.json === true) await printJson(report);
    else await printLines(summary(report, files));
    const { passed, allowed_to_fail } = report.gate;
    return passed || allowed_to_fail ? exitCode.ok : exitCode.threshold;
  } finally {
    progress.clear();
  }
}

/** @throws FathomError if neither --out nor --json is given */
function filesOf({ out, json }: SaeReportOptions): SaeReportFile[] {
  if (out !== undefined) return saeReportFiles(out);
  if (json === true) return [];
  throw badInput("sae report", "--out or --json", "neither");
}

function planOf(options: SaeReportOptions): SaeReportPlan {
  const { model, adapter, sae, format, k, layer, show, allowFailed, showText } = options;
  const { tokens, features, seed, limits } = saeReportDefaults;
  return {
    model,
    adapter: adapter ?? null,
    sae,
    format: format ?? null,
    k: k ?? null,
    layer: layer ?? null,
    texts: judgedTexts(options),
    tokens: options.tokens ?? tokens,
    features: options.features ?? features,
    show: show ?? [],
    contexts: limits,
    seed: options.seed ?? seed,
    allowFailed: allowFailed === true,
    showText: showText === true,
  };
}

function summary(report: SaeReport, files: readonly SaeReportFile[]): string[] {
  const { gate, findings, title } = report;
  const failed = gate.checks.filter(({ status }) => status === "fail");
  return [
    title,
    gate.passed
      ? "The load gate is open."
      : `The load gate is closed${gate.allowed_to_fail ? ", and was overridden by --allow-failed" : ""}:`,
    ...failed.map(({ sentence }) => `- ${sentence}`),
    ...(gate.mistake === null ? [] : [gate.mistake]),
    ...findings.filter(({ group }) => group === "headline").map(({ sentence }) => sentence),
    ...files.map(({ path }) => `Report  ${path}`),
  ];
}
