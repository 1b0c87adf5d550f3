/** `fathom anatomy`: which internal parts carry a refusal, and how many must fail before the model gives way. */
import { Command } from "commander";
import { anatomyParts } from "../../jobs/anatomy/plan/parts.ts";
import { anatomyDefaults } from "../../library/defaults.ts";
import type { AnatomyOptions } from "../anatomy/plan-of.ts";
import {
  choice,
  decimal,
  integers,
  numberOrNone,
  wholeNumber,
  wholeNumbers,
} from "../options/parse-option.ts";
import { adapterHelp, modelHelp, saeHelp } from "./named.ts";
import {
  batchSizeOption,
  dateOption,
  deviceOption,
  jsonOption,
  noCacheOption,
  precisionOption,
  quietOption,
  saeKOption,
  seedOption,
  templateVarOption,
  threadsOption,
} from "./shared-options.ts";

export function anatomyCommand(): Command {
  const { direction, sizes, batch_size, seed } = anatomyDefaults;
  const size = (option: string) => wholeNumber(option, { from: 1, to: 1_000_000 });
  return new Command("anatomy")
    .description(
      "Takes a model's refusals apart: the direction that carries them, the fewest SAE features whose ablation ends them, and the features that wake when these fail.",
    )
    .addHelpText(
      "before",
      [
        "Examples:",
        "  fathom anatomy --model organisms/demo --sae organisms/demo/sae --harmful fiction-requests --harmless fiction-requests --out runs/anatomy",
        "  fathom anatomy --model M --harmful H.jsonl --harmless N.jsonl --only direction --out runs/direction",
        "",
      ].join("\n"),
    )
    .requiredOption("--model <path>", modelHelp)
    .option("--adapter <folder>", adapterHelp)
    .option(
      "--sae <path>",
      `a sparse autoencoder of a block's output: ${saeHelp}; give it once per SAE. Without one, only the direction is looked for`,
      (path: string, before?: string[]) => [...(before ?? []), path],
    )
    .addOption(saeKOption())
    .requiredOption(
      "--harmful <set>",
      "prompts that the model refuses: a bundled set (requests, fiction-requests), or a JSON Lines or CSV file",
    )
    .requiredOption("--harmless <set>", "a harmless twin of each: the same set, or a file of as many lines")
    .option("--out <run>", "the directory of the anatomy, new or empty")
    .option(
      "--only <part>",
      `${anatomyParts.join(", ")}; each includes the ones before it (default: all that the SAEs allow)`,
      choice("--only", [...anatomyParts, "interactions"]),
    )
    .option(
      "--exhaustive",
      "measure every candidate direction, not only the best fifth by first-order estimates",
    )
    .option(
      "--layers <list>",
      "blocks whose output a direction may be of, -1 for the embedding (default: all)",
      integers("--layers", { from: -1 }),
    )
    .option(
      "--positions <list>",
      "positions of a direction, -1 for the prompt's last token (default: all behind the user's text)",
      integers("--positions", { from: -1000, to: -1 }),
    )
    .option(
      "--score-tokens <ids>",
      "ids of the refusal score's tokens at the prompt's last token (default: found from the model's own refusals)",
      wholeNumbers("--score-tokens", { from: 0 }),
    )
    .option(
      "--least-induce <score>",
      `adding the direction must lift harmless prompts to this score, or none (default: ${direction.least_induce})`,
      numberOrNone("--least-induce"),
    )
    .option(
      "--most-kl <nats>",
      `ablating the direction may change harmless prompts by this much, or none (default: ${direction.most_kl})`,
      numberOrNone("--most-kl", { from: 0 }),
    )
    .option(
      "--depth <share>",
      `the direction must be read in this share of the blocks, the first ones, or none (default: ${direction.depth})`,
      numberOrNone("--depth", { from: 0.01, to: 1 }),
    )
    .option(
      "--answer-tokens <n>",
      `most tokens of a judged answer (default: ${sizes.answer_tokens})`,
      size("--answer-tokens"),
    )
    .option(
      "--candidates <n>",
      `most features that the search may ablate (default: ${sizes.candidates})`,
      size("--candidates"),
    )
    .option(
      "--search-prompts <n>",
      `most fitting prompts of each side that a search uses (default: ${sizes.search_prompts})`,
      size("--search-prompts"),
    )
    .option(
      "--integrated-steps <n>",
      "rank features by integrated gradients too, in this many steps, SAE by SAE; published with 10 (default: not used)",
      wholeNumber("--integrated-steps", { from: 1, to: 1000 }),
    )
    .option(
      "--greedy-filter <share>",
      "run the published filter beside the search: it keeps a block of 5 features that lowers P(refusal) by this share of it; published with 0.1 to 0.8 (default: not run)",
      decimal("--greedy-filter", { from: 0.001, to: 1 }),
    )
    .option("--sets <n>", `most alternative minimal sets (default: ${sizes.sets})`, size("--sets"))
    .option(
      "--stability <n>",
      `resamples of the prompts on which the search is repeated (default: ${sizes.stability})`,
      size("--stability"),
    )
    .option(
      "--per-prompt <n>",
      `fitting prompts that are also taken apart one by one (default: ${sizes.per_prompt})`,
      size("--per-prompt"),
    )
    .option(
      "--controls <n>",
      `matched random sets, by score (default: ${sizes.controls})`,
      size("--controls"),
    )
    .option(
      "--judged-controls <n>",
      `matched random sets whose answers are judged (default: ${sizes.judged_controls})`,
      size("--judged-controls"),
    )
    .option(
      "--control-prompts <n>",
      `test prompts that each of these answers (default: ${sizes.control_prompts})`,
      size("--control-prompts"),
    )
    .option("--system <text>", "system prompt of the conversations (default: none)")
    .addOption(templateVarOption())
    .addOption(dateOption())
    .addOption(precisionOption())
    .addOption(deviceOption())
    .addOption(noCacheOption())
    .addOption(batchSizeOption(`rows computed together; no result depends on it (default: ${batch_size})`))
    .addOption(seedOption(`seed of the split, the controls and the resamples (default: ${seed})`))
    .addOption(threadsOption())
    .option("--resume", "go on with the anatomy in --out")
    .option("--dry-run", "print the plan and its estimated cost, run nothing")
    .addOption(jsonOption())
    .addOption(quietOption())
    .action(async (options: AnatomyOptions) => {
      const { runAnatomy } = await import("../anatomy/run-anatomy.ts");
      process.exitCode = await runAnatomy(options);
    });
}
