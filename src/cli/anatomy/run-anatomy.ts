/** Runs `fathom anatomy`: makes a plan from the options, runs the job and prints a summary. */
import { badInput, exitCode } from "../../core/errors.ts";
import { anatomy } from "../../jobs/anatomy/anatomy.ts";
import { hasBegun } from "../../jobs/anatomy/manifest.ts";
import { prepareAnatomy } from "../../jobs/anatomy/prepare.ts";
import { readAnatomyRun } from "../../jobs/anatomy-report/anatomy-run.ts";
import { reportOfAnatomy } from "../../jobs/anatomy-report/report-of-anatomy.ts";
import { requireTemplate, writeReport } from "../../jobs/report-files/report-files.ts";
import { reportDefaults } from "../../library/defaults.ts";
import { summaryOf } from "../report/summary.ts";
import { interruptible } from "../terminal/interrupt.ts";
import { printJson, printLines } from "../terminal/output.ts";
import { resumeCommand } from "../terminal/resume-command.ts";
import { dryRunAnatomy } from "./dry-run.ts";
import { type AnatomyOptions, anatomyPlan } from "./plan-of.ts";

/** @returns the exit code @throws FathomError for wrong options or inputs, if possible before the model reads a token */
export async function runAnatomy(options: AnatomyOptions): Promise<number> {
  const { out = null, dryRun, json, quiet, threads = null } = options;
  const plan = anatomyPlan(options);
  if (out === null && dryRun !== true)
    throw badInput(
      "--out",
      "the directory of the anatomy",
      "none",
      "--out runs/NAME, or --dry-run to see the plan",
    );
  const goOn = () => resumeCommand(process.argv.slice(2), out !== null && dryRun !== true && hasBegun(out));
  return await interruptible(quiet === true, goOn, async ({ progress, signal, tell }) => {
    if (dryRun === true || out === null) {
      const prepared = await prepareAnatomy(plan, threads, tell);
      progress.clear();
      await dryRunAnatomy(prepared, { threads, json: json === true });
      prepared.checkpoint.weights.close();
      return exitCode.ok;
    }
    requireTemplate();
    const records = await anatomy(plan, {
      ...{ out, threads, tell },
      resume: options.resume === true,
      keepRounded: options.cache,
      signal,
    });
    progress.clear();
    const data = reportOfAnatomy(readAnatomyRun(out));
    const files = writeReport(data, out, reportDefaults.formats);
    if (json === true) await printJson({ run: out, ...records });
    else await printLines(summaryOf(data, files));
    return exitCode.ok;
  });
}
