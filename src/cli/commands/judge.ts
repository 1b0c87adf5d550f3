/** `fathom judge`: verdicts over recorded answers. */
import { Command } from "commander";
import { judgeDefaults } from "../../library/defaults.ts";
import type { JudgeCommandOptions } from "../judge/run-judge.ts";
import { judgeCalibrateCommand } from "./judge-calibrate.ts";
import { judgesHelp } from "./named.ts";
import { deniedPremiseOption, quietOption, threadsOption } from "./shared-options.ts";

export function judgeCommand(): Command {
  return new Command("judge")
    .addCommand(judgeCalibrateCommand())
    .description("Judges recorded answers: one JSON line per answer, in the answers' order.")
    .addHelpText("before", "Example:\n  fathom judge answers.jsonl --out verdicts.jsonl\n")
    .argument(
      "<answers>",
      'JSON Lines: {"id", "answer"}, and "prompt" and "finish" (stop or length) where known; a thought (<think>…</think>, or "reasoning") is not judged',
    )
    .option("--judges <list>", judgesHelp, judgeDefaults.judges.join(","))
    .addOption(deniedPremiseOption())
    .option("--out <file>", "where the lines go (default: stdout)")
    .addOption(threadsOption())
    .addOption(quietOption())
    .action(async (answers: string, options: JudgeCommandOptions) => {
      const { runJudge } = await import("../judge/run-judge.ts");
      process.exitCode = await runJudge(answers, options);
    });
}
