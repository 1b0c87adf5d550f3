/**
 * All commands. A command's own file declares its options. Its implementation is imported only when it runs, so help is quick.
 */
import { Command } from "commander";
import { fathomVersion } from "../jobs/job/version.ts";
import { anatomyCommand } from "./commands/anatomy.ts";
import { auditCommand } from "./commands/audit.ts";
import { captureCommand } from "./commands/capture.ts";
import { compareCommand } from "./commands/compare.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { exportCommand } from "./commands/export.ts";
import { generateCommand } from "./commands/generate.ts";
import { judgeCommand } from "./commands/judge.ts";
import { labelCommand } from "./commands/label.ts";
import { reportCommand } from "./commands/report.ts";
import { rescoreCommand } from "./commands/rescore.ts";
import { saeCommand } from "./commands/sae.ts";
import { serveCommand } from "./commands/serve.ts";
import { complain } from "./terminal/failure.ts";
import { requireLimits } from "./terminal/limits.ts";

export function buildProgram(): Command {
  const program = new Command("fathom")
    .description("Measures how deep a language model's refusals go.")
    .addHelpText(
      "before",
      "Example:\n  fathom audit --model SmolLM2-135M-Instruct.Q4_1.gguf --prompts biology --out runs/smol\n",
    )
    .version(fathomVersion(), "--version", "print the version")
    .helpOption("-h, --help", "show this help");
  for (const command of [
    auditCommand(),
    anatomyCommand(),
    compareCommand(),
    exportCommand(),
    reportCommand(),
    rescoreCommand(),
    captureCommand(),
    generateCommand(),
    judgeCommand(),
    labelCommand(),
    saeCommand(),
    serveCommand(),
    doctorCommand(),
  ])
    program.addCommand(command);
  program.hook("preAction", () => {
    requireLimits();
  });
  for (const command of withSubcommands(program)) settle(command);
  return program;
}

/** Errors in the usage are thrown to main.ts, and printed as one line that names the help. */
function settle(command: Command): void {
  const name = fullName(command);
  command
    .exitOverride()
    .helpCommand(false)
    .helpOption("-h, --help", "show this help")
    .showSuggestionAfterError(true)
    .configureOutput({
      outputError: (text) => {
        const line = text
          .replace(/^error: /, "")
          .replace(/\s*\n\s*/g, " ")
          .trim()
          .replace(/\.$/, "");
        complain(`${line}. Try: ${name} --help`);
      },
    });
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}
