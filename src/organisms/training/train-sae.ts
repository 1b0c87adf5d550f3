/**
 * Makes the SAE of the bundled organism again: a TopK SAE on resid_post at half depth, trained on documents of the
 * organism's own training text. node src/organisms/training/train-sae.ts [--steps N] [--threads N]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { joinFloats } from "../../core/floats.ts";
import { random } from "../../core/random.ts";
import { CapturedRows } from "../../model/engine/captured-rows.ts";
import { type Model, openModel } from "../../model/model.ts";
import { rowsOf } from "../../sae/code/rows.ts";
import { residPost, siteOf } from "../../sae/code/site.ts";
import { saveSae } from "../../sae/formats/save.ts";
import { usualOf, usualPlan } from "../../sae/training/state/training-plan.ts";
import { trainSae } from "../../sae/training/training.ts";
import { demoSeed, makeDesign } from "../design/design.ts";

const folder = join(import.meta.dirname, "../../../organisms/demo");
const seed = "fathom-demo-sae-1";
/** Number of documents whose tokens the SAE is trained on: about 150,000 tokens. */
const documents = 3_000;

const { values: options } = parseArgs({
  options: { steps: { type: "string", default: "3000" }, threads: { type: "string" } },
});
const session = options.threads === undefined ? {} : { threads: Number(options.threads) };

const model = await openModel(folder, session);
const { layers, hiddenSize } = model.checkpoint.config;
const layer = Math.floor(layers.length / 2);
const activations = await residuals(model, layer);
await model.close();

const started = performance.now();
const plan = {
  ...usualPlan,
  ...usualOf.topk,
  objective: "topk" as const,
  d_sae: 1024,
  k: 16,
  steps: Number(options.steps),
  seed,
};
const { sae, quality, record } = await trainSae(
  rowsOf(activations, hiddenSize, "the organism's documents"),
  siteOf(residPost(layer), "fathom/demo"),
  plan,
  ({ step, steps, unexplained, dead }) => {
    if (step % 100 !== 0) return;
    const left = ((performance.now() - started) / 1000 / step) * (steps - step);
    process.stderr.write(
      `step ${step}/${steps}  unexplained ${unexplained.toFixed(3)}  dead ${dead}  ${left.toFixed(0)} s left\n`,
    );
  },
  session,
);
saveSae(join(folder, "sae"), sae, record);
process.stdout.write(
  `${residPost(layer)}: variance explained ${quality.varianceExplained.ordinary.toFixed(3)}, mean L0 ${quality.meanL0.toFixed(1)}, dead ${(100 * quality.dead.share).toFixed(1)}%\n`,
);

/** resid_post [tokens, d_model] of a seeded random choice of the organism's documents. */
async function residuals(from: Model, at: number): Promise<Float32Array<ArrayBuffer>> {
  const chosen = random(seed).split("documents").shuffle(makeDesign(demoSeed).examples).slice(0, documents);
  const captured = new CapturedRows();
  await from.capture(
    chosen.map(({ ids }, i) => ({ id: String(i), ids })),
    { layers: [at], logits: false, edits: [] },
    captured.take,
  );
  return joinFloats(chosen.map((_, i) => captured.row(i, at)));
}
