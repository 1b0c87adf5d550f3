/** Runs `fathom generate`. */

import type { TemplateVars } from "../../core/records/observation.ts";
import { encodeInputs } from "../../jobs/inputs/encode-inputs.ts";
import { engineOptions } from "../../jobs/inputs/engine-options.ts";
import { openNamed, tellNotes } from "../../jobs/inputs/open-named.ts";
import { answersAt, endsOf, textOf } from "../../model/checkpoint/checkpoint.ts";
import type { Generation } from "../../model/engine/generation.ts";
import { modelOf } from "../../model/model.ts";
import { complain } from "../terminal/failure.ts";
import { deliver, requireWritable } from "../terminal/output.ts";
import { Progress } from "../terminal/progress.ts";
import { count } from "../terminal/quantities.ts";
import { readEdits } from "./edits-file.ts";
import { type EngineOptions, engineChoice } from "./engine-choice.ts";
import { templateChoices } from "./template-choices.ts";

export interface GenerateCommandOptions extends EngineOptions {
  model: string;
  adapter?: string;
  prompts: string;
  maxNewTokens: number;
  temperature: number;
  seed: number;
  batchSize: number;
  chat?: true;
  templateVar?: TemplateVars;
  date?: string;
  edits?: string;
  out?: string;
  quiet?: true;
}

/** @throws FathomError for wrong options, input or output, if possible before the model reads a token */
export async function runGenerate(options: GenerateCommandOptions): Promise<void> {
  const { temperature, seed, maxNewTokens } = options;
  const progress = new Progress(options.quiet === true);
  const { checkpoint } = await openNamed(options, progress.tell);
  const { config } = checkpoint;
  const { tokenizer } = textOf(checkpoint);
  const endTokens = endsOf(checkpoint);
  const edits =
    options.edits === undefined
      ? []
      : readEdits(options.edits, { hiddenSize: config.hiddenSize, layers: config.layers.length });
  const inputs = await encodeInputs(options.prompts, checkpoint, {
    chat: options.chat === true,
    room: 1,
    template: templateChoices(options),
  });
  if (options.out !== undefined) requireWritable(options.out);

  tellNotes(checkpoint, answersAt(temperature), progress.tell);
  const model = await modelOf(checkpoint, engineOptions(engineChoice(options), progress.tell));
  const lines: string[] = [];
  const moving = new Set<number>();
  try {
    let [done, tokens] = [0, 0];
    await model.generate(
      inputs.map(({ id, ids }) => ({ id, ids, maxNewTokens, temperature, seed: `${seed}/${id}` })),
      { endTokens, batchSize: options.batchSize, watch: [], captureLayers: [], edits },
      ({ ids, finish, moved }, index) => {
        for (const [edit, size] of moved.entries()) if (size > 0) moving.add(edit);
        const { id, ids: prompt_ids } = inputs[index]!;
        const text = tokenizer.decode(ids, { skipSpecial: true });
        lines[index] = JSON.stringify({ id, prompt_ids, ids, text, finish: finishOf(finish) });
        done++;
      },
      (n, kind) => {
        if (kind === "new") tokens += n;
        progress.show(() => `generating: ${done} of ${inputs.length} answers, ${count(tokens)} tokens`);
      },
    );
  } finally {
    progress.clear();
    await model.close();
  }
  for (const [edit, { layer, site = "resid_post" }] of edits.entries())
    if (!moving.has(edit)) complain(`edit ${edit} moved nothing at ${site} of block ${layer}, in any answer`);
  await deliver(lines.map((line) => `${line}\n`).join(""), options.out);
}

/** A full context also cuts an answer off, so it becomes "length". The output format has only these two. */
function finishOf(finish: Generation["finish"]): "stop" | "length" {
  return finish === "stop" ? "stop" : "length";
}
