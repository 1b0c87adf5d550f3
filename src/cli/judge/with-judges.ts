/** Opens judges for a command, and closes them when its work ends or is interrupted. */
import { exitCode } from "../../core/errors.ts";
import type { JudgingContext } from "../../jobs/judges/judge-answers.ts";
import type { StatedJudge } from "../../jobs/judges/judge-plan.ts";
import { closeJudges, openJudges } from "../../jobs/judges/open-judges.ts";
import type { OpenedJudge } from "../../jobs/judges/opened-judge.ts";
import { onInterrupt } from "../terminal/interrupt.ts";
import { Progress } from "../terminal/progress.ts";
import { resumeCommand } from "../terminal/resume-command.ts";

interface Session {
  plans: readonly StatedJudge[];
  threads: number | null;
  quiet: boolean;
  /** The file of the results; votes of language models are kept beside it. */
  out: string | undefined;
}

/**
 * @returns the exit code: 0, or that of an interrupt
 * @throws FathomError for a judge that cannot be opened, and what `work` throws
 */
export async function withJudges(
  { plans, threads, quiet, out }: Session,
  work: (judges: readonly OpenedJudge[], context: JudgingContext) => Promise<void>,
): Promise<number> {
  const progress = new Progress(quiet);
  const interrupt = onInterrupt(progress, () => resumeCommand(process.argv.slice(2), false));
  interrupt.heeded = true;
  const { signal } = interrupt;
  const { tell } = progress;
  try {
    const judges = await openJudges(plans, { threads, keepRounded: true, tell, signal });
    const isCheap = plans.every((plan) => "rules" in plan || "people" in plan);
    const votesFile = out === undefined || isCheap ? null : votesBeside(out);
    await work(judges, { votesFile, tell, signal }).finally(() => closeJudges(judges));
    return exitCode.ok;
  } catch (error) {
    if (signal.aborted) return exitCode.interrupted;
    throw error;
  } finally {
    progress.clear();
    interrupt.end();
  }
}

/** verdicts.jsonl → verdicts.votes.jsonl */
const votesBeside = (out: string): string => `${out.replace(/\.jsonl?$/i, "")}.votes.jsonl`;
