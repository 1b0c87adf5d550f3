/**
 * Makes the SAEs of the bundled organism again: a TopK SAE on resid_post of every block, trained on documents of the organism's own
 * training text. The one at half depth goes to organisms/demo/sae, for the audit; the others to organisms/demo/saes/layer-N, in
 * bfloat16. node src/organisms/training/train-sae.ts [--layers 0,1,3,4] [--steps N] [--threads N]
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
  options: {
    layers: { type: "string" },
    steps: { type: "string", default: "3000" },
    threads: { type: "string" },
  },
});
const session = options.threads === undefined ? {} : { threads: Number(options.threads) };

const model = await openModel(folder, session);
const { layers: blocks, hiddenSize } = model.checkpoint.config;
const halfDepth = Math.floor(blocks.length / 2);
const layers = options.layers?.split(",").map(Number) ?? [...blocks.keys()];
const activations = await residuals(model, layers);
await model.close();

const plan = {
  ...usualPlan,
  ...usualOf.topk,
  objective: "topk" as const,
  d_sae: 1024,
  k: 16,
  steps: Number(options.steps),
  seed,
};
for (const layer of layers) await train(layer);

async function train(layer: number): Promise<void> {
  const started = performance.now();
  const { sae, quality, record } = await trainSae(
    rowsOf(activations(layer), hiddenSize, "the organism's documents"),
    siteOf(residPost(layer), "fathom/demo"),
    plan,
    ({ step, steps, unexplained, dead }) => {
      if (step % 100 !== 0) return;
      const left = ((performance.now() - started) / 1000 / step) * (steps - step);
      process.stderr.write(
        `layer ${layer}, step ${step}/${steps}  unexplained ${unexplained.toFixed(3)}  dead ${dead}  ${left.toFixed(0)} s left\n`,
      );
    },
    session,
  );
  if (layer === halfDepth) saveSae(join(folder, "sae"), sae, record);
  else saveSae(join(folder, `saes/layer-${layer}`), sae, record, "bfloat16");
  process.stdout.write(
    `${residPost(layer)}: variance explained ${quality.varianceExplained.ordinary.toFixed(3)}, mean L0 ${quality.meanL0.toFixed(1)}, dead ${(100 * quality.dead.share).toFixed(1)}%\n`,
  );
}

/** resid_post [tokens, d_model] of each layer, of a seeded random choice of the organism's documents. */
async function residuals(
  from: Model,
  at: readonly number[],
): Promise<(layer: number) => Float32Array<ArrayBuffer>> {
  const chosen = random(seed).split("documents").shuffle(makeDesign(demoSeed).examples).slice(0, documents);
  const captured = new CapturedRows();
  await from.capture(
    chosen.map(({ ids }, i) => ({ id: String(i), ids })),
    { layers: at, logits: false, edits: [] },
    captured.take,
  );
  return (layer) => joinFloats(chosen.map((_, i) => captured.row(i, layer)));
}
