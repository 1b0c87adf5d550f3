/** `fathom sae train`: a sparse autoencoder on a model's own activations. */
import { Command } from "commander";
import { objectiveNames, usualOf, usualPlan } from "../../sae/training-plan.ts";
import { trainDefaults } from "../defaults.ts";
import { choice, decimal, wholeNumber } from "../parse.ts";
import type { SaeTrainOptions } from "../sae/run-train.ts";
import { adapterHelp, formatHelp, modelHelp, saeHelp } from "./named.ts";
import { deviceOption, noCacheOption, precisionOption } from "./shared-options.ts";

const above0 = { from: Number.MIN_VALUE };
const some = (option: string, to = 2 ** 31 - 1) => wholeNumber(option, { from: 1, to });

export function trainCommand(): Command {
  return new Command("train")
    .description("Trains an SAE on the residual stream of a model: TopK, BatchTopK or JumpReLU.")
    .addHelpText(
      "before",
      "Example:\n  fathom sae train --model organisms/demo --layer 2 --prompts fiction --d-sae 256 --k 16 --steps 500 --seed 0 --out my-sae\n",
    )
    .requiredOption("--model <path>", modelHelp)
    .option("--adapter <folder>", adapterHelp)
    .requiredOption(
      "--layer <l>",
      "the block whose output it reads, from 0",
      wholeNumber("--layer", { from: 0 }),
    )
    .option("--text <file>", "UTF-8; every line that is not blank is a text of its own")
    .option("--prompts <file>", "JSON Lines as capture reads them, or a bundled set")
    .option("--chat", "wrap a line or plain prompt as one user turn of the chat template")
    .option(
      "--objective <name>",
      `${objectiveNames.join(", ")} (default: ${trainDefaults.objective})`,
      choice("--objective", objectiveNames),
    )
    .option("--from <sae>", `an SAE to begin with, whose kind and sizes are kept: ${saeHelp}`)
    .option("--format <name>", `of --from: ${formatHelp}`)
    .option("--d-sae <n>", "features; needed without --from", some("--d-sae"))
    .option("--k <n>", "topk, batchtopk: features that are active on a token, or are on average", some("--k"))
    .option(
      "--sparsity <λ>",
      "jumprelu: what an active feature weighs in the loss",
      decimal("--sparsity", above0),
    )
    .option(
      "--target-l0 <n>",
      "jumprelu: active features a token to be reached, rather than as few as pay",
      decimal("--target-l0", above0),
    )
    .option(
      "--bandwidth <ε>",
      `jumprelu: width of the kernel that gives thresholds a gradient (default: ${usualOf.jumprelu.bandwidth})`,
      decimal("--bandwidth", above0),
    )
    .requiredOption("--steps <n>", "steps of Adam", some("--steps"))
    .option("--batch-size <n>", `tokens a step (default: ${usualPlan.batch})`, some("--batch-size"))
    .requiredOption(
      "--seed <n>",
      "of the weights at the start and the order of the tokens",
      wholeNumber("--seed", { from: 0 }),
    )
    .requiredOption("--out <dir>", "the SAE's folder, as SAELens writes it, and training.json with the curve")
    .option(
      "--checkpoint-every <n>",
      `steps between two states on the disk (default: ${trainDefaults.checkpointEvery})`,
      some("--checkpoint-every"),
    )
    .option("--resume", "go on with a training that was cut, with the same options")
    .option("--json", "the quality as one JSON document")
    .addOption(precisionOption())
    .addOption(deviceOption())
    .addOption(noCacheOption())
    .option(
      "--threads <n>",
      "threads of the engine (default: this machine's cores)",
      wholeNumber("--threads", { from: 1, to: 1024 }),
    )
    .option("--quiet", "no progress")
    .action(async (options: SaeTrainOptions) => {
      const { runTrain } = await import("../sae/run-train.ts");
      process.exitCode = await runTrain(options);
    });
}
