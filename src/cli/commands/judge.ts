/** `fathom judge`: verdicts over recorded answers. */
import { Command } from "commander";
import { judgeDefaults } from "../../library/defaults.ts";
import type { JudgeCommandOptions } from "../judge/run-judge.ts";
import { choices } from "../options/parse-option.ts";
import { judgeCalibrateCommand } from "./judge-calibrate.ts";
import { quietOption } from "./shared-options.ts";

/** Only one judge exists so far. */
const judges = ["rules"] as const;

export function judgeCommand(): Command {
  return new Command("judge")
    .addCommand(judgeCalibrateCommand(judges))
    .description("Judges recorded answers: one JSON line per answer, in the answers' order.")
    .addHelpText("before", "Example:\n  fathom judge answers.jsonl --out verdicts.jsonl\n")
    .argument(
      "<answers>",
      'JSON Lines: {"id", "answer"}, and "prompt" and "finish" (stop or length) where known; a thought (<think>…</think>, or "reasoning") is not judged',
    )
    .option("--judges <list>", `one or more of ${judges.join(", ")}`, choices("--judges", judges), [
      ...judgeDefaults.judges,
    ])
    .option("--out <file>", "where the lines go (default: stdout)")
    .addOption(quietOption())
    .action(async (answers: string, options: JudgeCommandOptions) => {
      const { runJudge } = await import("../judge/run-judge.ts");
      await runJudge(answers, options);
    });
}
