/** `fathom sae train`: a sparse autoencoder on a model's own activations. */
import { Command } from "commander";
import type { Tier } from "../../core/records/prompt.ts";
import { tierWords } from "../../core/records/words.ts";
import { domainDefaults, trainDefaults } from "../../library/defaults.ts";
import { contrasts, poolings } from "../../sae/domain/plan.ts";
import { objectiveNames, usualOf, usualPlan } from "../../sae/training/state/training-plan.ts";
import { choice, choices, decimal, wholeNumber, wholeNumbers } from "../options/parse-option.ts";
import { presetNames } from "../sae/presets.ts";
import type { SaeTrainOptions } from "../sae/run-train.ts";
import { adapterHelp, formatHelp, modelHelp, saeHelp } from "./named.ts";
import {
  deviceOption,
  noCacheOption,
  precisionOption,
  quietOption,
  seedOption,
  threadsOption,
} from "./shared-options.ts";

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
      "--layer <list>",
      "the block whose output the SAE reads, counted from 0; with several (8,10,12), one SAE per block, and the model reads the texts once",
      wholeNumbers("--layer", { from: 0 }),
    )
    .option("--text <file>", "a UTF-8 file; every line that is not blank is one text")
    .option("--prompts <file>", "JSON Lines as capture reads them, or a bundled set")
    .option("--chat", "wrap a line or plain prompt as one user turn of the chat template")
    .option(
      "--objective <name>",
      `${objectiveNames.join(", ")} (default: ${trainDefaults.objective})`,
      choice("--objective", objectiveNames),
    )
    .option("--from <sae>", `an SAE to start from, whose kind and sizes are kept: ${saeHelp}`)
    .option("--format <name>", `for --from: ${formatHelp}`)
    .option("--d-sae <n>", "number of features; required without --from or --preset", some("--d-sae"))
    .option(
      "--k <n>",
      "active features per token: exactly with topk, on average with batchtopk; also for a --from file that does not say it",
      some("--k"),
    )
    .option(
      "--sparsity <λ>",
      "jumprelu: weight of one active feature in the loss",
      decimal("--sparsity", above0),
    )
    .option(
      "--target-l0 <n>",
      "jumprelu: number of active features per token to reach (default: a feature stays active only if it lowers the loss)",
      decimal("--target-l0", above0),
    )
    .option(
      "--bandwidth <ε>",
      `jumprelu: width of the kernel that gives thresholds a gradient (default: ${usualOf.jumprelu.bandwidth})`,
      decimal("--bandwidth", above0),
    )
    .option("--steps <n>", "steps of Adam; required without --preset", some("--steps"))
    .option("--batch-size <n>", `tokens per step (default: ${usualPlan.batch})`, some("--batch-size"))
    .option("--rate <r>", "Adam's peak rate (default: 2e-4 · √(16,384 / d-sae))", decimal("--rate", above0))
    .option(
      "--weight-decay <w>",
      `decoupled weight decay, as in AdamW (default: ${usualPlan.weightDecay})`,
      decimal("--weight-decay", { from: 0 }),
    )
    .option(
      "--l1-weight <w>",
      `weight of the mean |pre-activation| over all features, relative to the mean squared error (default: ${usualPlan.l1Weight})`,
      decimal("--l1-weight", { from: 0 }),
    )
    .option(
      "--domain <set>",
      "prompts with tiers that the features must separate, as in audit (default: no contrastive term)",
    )
    .option(
      "--contrastive <loss>",
      `contrastive loss: ${contrasts.join(", ")} (default: ${domainDefaults.contrastive})`,
      choice("--contrastive", contrasts),
    )
    .option(
      "--contrastive-weight <w>",
      `weight of the contrastive loss, relative to the mean squared error (default: ${domainDefaults.contrastiveWeight})`,
      decimal("--contrastive-weight", above0),
    )
    .option(
      "--tiers <list>",
      `the tiers to separate (default: ${domainDefaults.tiers.join(",")})`,
      choices("--tiers", Object.keys(tierWords) as Tier[]),
    )
    .option(
      "--pool <how>",
      `${poolings.join(", ")}: a prompt's features over its tokens, of its last token, or over the model's answer (default: ${domainDefaults.pool})`,
      choice("--pool", poolings),
    )
    .option(
      "--domain-seeds <n>",
      `number of seeds, counted from --seed; all trainings run once per seed, and the term is judged over all (default: ${domainDefaults.seeds})`,
      some("--domain-seeds", 100),
    )
    .option(
      "--no-random-tiers",
      "leave out the training with randomly assigned tiers, which is the term's control",
    )
    .option(
      "--preset <name>",
      "published: sizes, loss and optimizer of BioRefusalAudit's domain SAEs; other options override it",
      choice("--preset", presetNames),
    )
    .addOption(
      seedOption(
        "seed of the first weights, the order of the tokens and the split of the prompts",
      ).makeOptionMandatory(),
    )
    .requiredOption(
      "--out <dir>",
      "the SAE's folder, as SAELens writes it, and training.json with the curve; with several layers, it holds layer-8, layer-10, …",
    )
    .option(
      "--checkpoint-every <n>",
      `steps between two saved states (default: ${trainDefaults.checkpointEvery})`,
      some("--checkpoint-every"),
    )
    .option("--resume", "go on with a training that was interrupted, with the same options")
    .option("--json", "print the quality as one JSON document")
    .addOption(precisionOption())
    .addOption(deviceOption())
    .addOption(noCacheOption())
    .addOption(threadsOption())
    .addOption(quietOption())
    .action(async (options: SaeTrainOptions) => {
      const { runTrain } = await import("../sae/run-train.ts");
      process.exitCode = await runTrain(options);
    });
}
