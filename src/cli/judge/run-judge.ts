/** Runs `fathom judge`. */

import { exitCode } from "../../core/errors.ts";
import { judgeAnswers } from "../../jobs/judges/judge-answers.ts";
import { statedJudge } from "../../jobs/judges/judge-plan.ts";
import type { DeniedPremise } from "../../judges/decide.ts";
import { judgeDefaults } from "../../library/defaults.ts";
import { loadAnswers } from "../../prompts/answers.ts";
import { deliver, print, requireWritable } from "../terminal/output.ts";
import { judgesOf, withDeniedPremise } from "./judges-of.ts";
import { withJudges } from "./with-judges.ts";

export interface JudgeCommandOptions {
  judges: string;
  threads?: number;
  out?: string;
  quiet?: true;
  deniedPremise?: DeniedPremise;
}

/**
 * @returns the exit code
 * @throws FathomError for a wrong line, before any answer is judged, for output that cannot be written, and if a judge cannot be
 *   asked. Votes until then are kept beside `out`; without `out` the answers that are judged by then are printed
 */
export async function runJudge(path: string, options: JudgeCommandOptions): Promise<number> {
  const { out, threads = null, quiet } = options;
  const answers = await loadAnswers(path);
  if (out !== undefined) requireWritable(out);
  const plans = withDeniedPremise(judgesOf(options.judges), options.deniedPremise).map((judge) =>
    statedJudge(judge, judgeDefaults, "--judges"),
  );
  const named = answers.map(({ id, answer, reasoning, prompt = null, finish }) => ({
    ...{ id, answer, reasoning, prompt, cut: finish === "length" },
  }));
  const lines: string[] = [];
  let code: number | null = null;
  try {
    code = await withJudges({ plans, threads, quiet: quiet === true, out }, (judges, context) =>
      judgeAnswers(named, judges, context, (line) => lines.push(`${JSON.stringify(line)}\n`)),
    );
  } finally {
    if (code !== exitCode.ok && out === undefined) await print(lines.join(""));
  }
  if (code === exitCode.ok) await deliver(lines.join(""), out);
  return code;
}
