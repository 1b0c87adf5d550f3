/** `fathom audit`: the main job, as a command line. */
import { Command, Option } from "commander";
import { otherTurns } from "../../core/records/fields/turns.ts";
import { poolings } from "../../core/records/pooling.ts";
import { auditDefaults } from "../../library/defaults.ts";
import type { AuditOptions } from "../audit/options.ts";
import { choice, choices, decimal, names, wholeNumber, wholeNumbers } from "../options/parse-option.ts";
import { endpointOptions } from "./endpoint-options.ts";
import { adapterHelp, judgesHelp, modelHelp, saeHelp } from "./named.ts";
import {
  batchSizeOption,
  dateOption,
  deniedPremiseOption,
  deviceOption,
  gateOption,
  noCacheOption,
  precisionOption,
  quietOption,
  saeKOption,
  seedOption,
  templateVarOption,
  threadsOption,
} from "./shared-options.ts";

export function auditCommand(): Command {
  const { templates, caps, reasoning_cap, seeds, temperature, batch_size, seed, fidelity_bound, pooling } =
    auditDefaults;
  const { prefill_tokens, prefill_comply, prefill_refuse } = auditDefaults;
  const command = new Command("audit")
    .description(
      "Asks a model a set of prompts under several conditions and reports how deep its refusals go.",
    )
    .argument(
      "[plan]",
      "a YAML file with the options below as keys, with _ for -; options given here override it",
    )
    .addHelpText(
      "before",
      [
        "Examples:",
        "  fathom audit --model SmolLM2-135M-Instruct.Q4_1.gguf --prompts biology --out runs/smol",
        "  fathom audit audit.yaml --dry-run",
        "  fathom audit --endpoint http://127.0.0.1:8000/v1 --model NAME --prompts biology --out runs/name",
        "  fathom audit --answers logs/other-tool.eval --prompts biology --out runs/other",
        "",
      ].join("\n"),
    )
    .option(
      "--model <path>",
      `${modelHelp}; with --endpoint the model's name there, with --answers its name if the file does not say it`,
    )
    .option(
      "--answers <file>",
      "answers that another tool recorded: JSON Lines, a log of Inspect (.json, .eval) or a run of BioRefusalAudit; no model is asked",
    )
    .option("--adapter <folder>", adapterHelp)
    .addOption(precisionOption())
    .addOption(deviceOption())
    .option("--fidelity", "compare int8 or int4 with fp32 on a sample of the prompts, before the run")
    .option(
      "--fidelity-bound <nats>",
      `mean KL(fp32 ‖ rounded) per token above which the run does not start (default: ${fidelity_bound})`,
      decimal("--fidelity-bound", { from: 0 }),
    )
    .addOption(noCacheOption())
    .option(
      "--prompts <set>",
      "a bundled set (biology, fiction, requests, fiction-requests), a JSON Lines or CSV file, also of other projects, or - for standard input; with --answers it may be left out if the file holds prompts and tiers",
    )
    .option(
      "--map <field=column>",
      "where a field of the prompts comes from: FIELD=COLUMN, FIELD=COLUMN:value=ours,value=ours or FIELD=@value; give it once per field",
      (text: string, before?: string[]) => [...(before ?? []), text],
    )
    .option(
      "--sae <path>",
      `a sparse autoencoder for the inside view: ${saeHelp}; give it once per SAE, the headline is about the first`,
      (path: string, before?: string[]) => [...(before ?? []), path],
    )
    .addOption(saeKOption())
    .addOption(
      new Option(
        "--pooling <p>",
        `mean, max or last: how an answer's features are pooled over its response tokens (default: ${pooling})`,
      ).argParser(choice("--pooling", poolings)),
    )
    .option("--allow-failed", "use an SAE although it failed the load gate; every output says so")
    .option(
      "--categories <file>",
      `the categories that make up f: published, or a YAML file of categories (default: ${auditDefaults.categories})`,
    )
    .option(
      "--projection",
      "also learn a map from each SAE's features to the categories, judged on prompts that it never saw",
    )
    .option(
      "--calibration <file>",
      "what judge calibrate wrote about this judge: also give refusal rates corrected for its error",
    )
    .option("--anatomy <run>", "a finished anatomy of the same model, on which the headline on depth rests")
    .option(
      "--kl-to <path>",
      "another checkpoint with the same vocabulary, such as the base of a fine-tune: how far the model is from it, token by token, over its own answers",
    )
    .option("--kl-to-adapter <folder>", "a LoRA adapter over the checkpoint of --kl-to")
    .option("--out <run>", "the run's directory, new or empty")
    .option("--resume", "go on with the run in --out")
    .option(
      "--dry-run",
      "print the plan, its estimated cost and the smallest effects that it sees, run nothing",
    )
    .option(
      "--templates <list>",
      `chat, none or both (default: ${templates.join(",")})`,
      choices("--templates", ["chat", "none"]),
    )
    .option(
      "--caps <list>",
      `token caps to judge at (default: ${caps.join(",")})`,
      wholeNumbers("--caps", { from: 1 }),
    )
    .option(
      "--reasoning-cap <n>",
      `most tokens of a reasoning model's thought, which --caps do not count (default: ${reasoning_cap})`,
      wholeNumber("--reasoning-cap", { from: 1 }),
    )
    .option(
      "--prefill-tokens <list>",
      `how many tokens of an opening are put into the model's mouth; 0 is without (default: ${prefill_tokens.join(",")})`,
      wholeNumbers("--prefill-tokens", { from: 0 }),
    )
    .option(
      "--prefill-comply <text>",
      `the opening before hazard-adjacent prompts' answers (default: ${JSON.stringify(prefill_comply)})`,
    )
    .option(
      "--prefill-refuse <text>",
      `the opening before benign prompts' answers (default: ${JSON.stringify(prefill_refuse)})`,
    )
    .option(
      "--seeds <list>",
      `sampling seeds, used above temperature 0 (default: ${seeds.join(",")})`,
      wholeNumbers("--seeds", { from: 0 }),
    )
    .option(
      "--temperature <t>",
      `0 is greedy (default: ${temperature})`,
      decimal("--temperature", { from: 0 }),
    )
    .option("--system <text>", "system prompt of the conversations through the chat template (default: none)")
    .option(
      "--also-system <text>",
      "another system prompt, with which hazard-adjacent and benign prompts are asked again; give it once per prompt",
      (text: string, before?: string[]) => [...(before ?? []), text],
    )
    .option(
      "--also-turns <list>",
      "other turns, in which hazard-adjacent and benign prompts are asked again: no-generation-prompt, assistant, system (default: none)",
      choices("--also-turns", otherTurns),
    )
    .addOption(templateVarOption())
    .addOption(dateOption())
    .option("--framings <list>", "only prompts with these framings (default: all)", names("--framings"))
    .option("--limit <n>", "only the first n prompts (default: all)", wholeNumber("--limit", { from: 1 }))
    .option(
      "--layer <n>",
      "block whose residual stream is kept (default: the SAEs' own, else the middle one)",
      wholeNumber("--layer", { from: 0 }),
    )
    .option("--judges <list>", `${judgesHelp} (default: rules)`)
    .addOption(deniedPremiseOption())
    .addOption(batchSizeOption(`answers generated together (default: ${batch_size})`))
    .addOption(seedOption(`seed of the analyses: folds, bootstrap, permutations (default: ${seed})`))
    .addOption(threadsOption())
    .option(
      "--show-text",
      "print answers to hazard-adjacent prompts whole in the report, not only the words that refuse",
    )
    .addOption(gateOption())
    .option("--json", "print {run, findings} as one JSON document")
    .option("--yaml", "with --dry-run: print the plan as a file that this command reads, for an editor")
    .addOption(quietOption())
    .action(async (plan: string | undefined, options: AuditOptions) => {
      const { runAudit } = await import("../audit/run-audit.ts");
      process.exitCode = await runAudit(plan, options);
    });
  for (const option of endpointOptions()) command.addOption(option);
  return command;
}
