/**
 * `npm run real` checks real checkpoints from end to end. Each is compared with Transformers' tokens, residuals,
 * logits and greedy answers (in its folder under test/fixtures). The one that refuses is audited with the biology
 * set, in fp32 and in int8, and the two audits are compared.
 *
 *     npm run real               checks and audit
 *     npm run real -- --check    only checks
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { failure } from "../src/core/errors.ts";
import type { Message } from "../src/core/records/prompt.ts";
import { readJson } from "../src/files/disk/io.ts";
import { openSafetensors } from "../src/files/tensors/safetensors.ts";
import { type Checkpoint, textOf } from "../src/model/checkpoint/checkpoint.ts";
import { CapturedRows } from "../src/model/engine/captured-rows.ts";
import type { Generation } from "../src/model/engine/generation.ts";
import { type Model, openModel } from "../src/model/model.ts";
import { fetchOnce, qwen, type RealCheckpoint, realCheckpoints } from "./real-checkpoints.ts";

interface Reference {
  file: { name: string; sha256: string };
  layers: number[];
  sampleIds: number[];
  prompts: { ids: number[]; positions: number[]; topIds: number[]; greedy: number[] }[];
}
interface Tokens {
  prompts: { text: string; ids: number[]; parsed_ids: number[]; decoded: string }[];
  chats: { messages: Message[]; add_generation_prompt: boolean; ids: number[] }[];
}

const root = join(import.meta.dirname, "..");
/** Largest allowed difference of residuals and logits, relative to the row's largest magnitude. */
const tolerance = 1e-3;

const { values: options } = parseArgs({ options: { check: { type: "boolean" } } });
try {
  for (const checkpoint of realCheckpoints) {
    const path = await check(checkpoint);
    if (checkpoint === qwen && options.check !== true) process.exitCode = audit(path);
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** Checks a checkpoint against Transformers. @returns its path @throws FathomError if anything differs */
async function check(checkpoint: RealCheckpoint): Promise<string> {
  const fixtures = join(root, "test/fixtures", checkpoint.fixtures);
  const reference = readJson(join(fixtures, "reference.json")) as Reference;
  const path = fetchOnce(checkpoint, reference.file, say);
  say(checkpoint.name);
  const model = await openModel(path);
  checkTokens(model.checkpoint, readJson(join(fixtures, "tokens.json")) as Tokens);
  await checkNumbers(model, reference, join(fixtures, "reference.safetensors"));
  await checkGreedy(model, reference);
  await model.close();
  return path;
}

function checkTokens(checkpoint: Checkpoint, tokens: Tokens): void {
  const { tokenizer, template } = textOf(checkpoint);
  for (const { text, ids, parsed_ids, decoded } of tokens.prompts) {
    const what = JSON.stringify(text);
    same(tokenizer.encode(text, { addSpecial: true }), ids, `tokens of ${what}`);
    const parsed = tokenizer.encode(text, { addSpecial: true, parseSpecial: true });
    same(parsed, parsed_ids, `tokens of ${what}, special ones too`);
    if (tokenizer.decode(parsed) !== decoded) throw failure(what, decoded, tokenizer.decode(parsed));
  }
  for (const { messages, add_generation_prompt, ids } of tokens.chats) {
    const found = template!.encode(messages, { addGenerationPrompt: add_generation_prompt });
    same(found, ids, `tokens of the chat ${JSON.stringify(messages)}`);
  }
  say(`tokens: ${tokens.prompts.length} texts and ${tokens.chats.length} chats as Transformers'`);
}

async function checkNumbers(model: Model, reference: Reference, file: string): Promise<void> {
  const tensors = openSafetensors(file);
  const { hiddenSize: d, vocabSize } = model.checkpoint.config;
  const captured = new CapturedRows();
  await model.capture(
    reference.prompts.map(({ ids }, i) => ({ id: String(i), ids })),
    { layers: reference.layers, logits: true, edits: [] },
    captured.take,
  );
  let worst = 0;
  const close = (found: Float32Array, expected: Float32Array, what: string) => {
    const error = rowError(found, expected);
    if (!(error < tolerance))
      throw failure(what, `within ${tolerance} of the row's largest magnitude`, String(error));
    worst = Math.max(worst, error);
  };
  reference.prompts.forEach(({ positions, topIds, ids }, p) => {
    for (const layer of reference.layers) {
      const residual = captured.row(p, layer);
      const expected = tensors.readFloat32(`prompt.${p}.layer.${layer}`);
      positions.forEach((position, row) => {
        const found = residual.subarray(position * d, (position + 1) * d);
        close(
          found,
          expected.subarray(row * d, (row + 1) * d),
          `prompt ${p} layer ${layer} position ${position}`,
        );
      });
    }
    const last = captured.row(p, "logits").subarray((ids.length - 1) * vocabSize, ids.length * vocabSize);
    const at = (wanted: number[]) => Float32Array.from(wanted, (id) => last[id]!);
    close(at(topIds), tensors.readFloat32(`prompt.${p}.logits.top`), `prompt ${p} top logits`);
    close(at(reference.sampleIds), tensors.readFloat32(`prompt.${p}.logits.sample`), `prompt ${p} logits`);
  });
  tensors.close();
  say(
    `residuals and logits: within ${worst.toExponential(1)} of each row's largest magnitude (allowed ${tolerance})`,
  );
}

async function checkGreedy(model: Model, reference: Reference): Promise<void> {
  const out: Generation[] = [];
  await model.generate(
    reference.prompts.map(({ ids, greedy }, i) => ({
      id: String(i),
      ids,
      maxNewTokens: greedy.length,
      temperature: 0,
      seed: 0,
    })),
    { endTokens: [], batchSize: 4, watch: [], captureLayers: [], edits: [] },
    (generation, index) => (out[index] = generation),
  );
  reference.prompts.forEach(({ greedy }, p) => same(out[p]!.ids, greedy, `greedy tokens of prompt ${p}`));
  say(
    `greedy: ${reference.prompts[0]!.greedy.length} tokens of ${reference.prompts.length} prompts as Transformers'`,
  );
}

/** @returns the status of the first command that fails, or 0 */
function audit(path: string): number {
  const out = (name: string) => join(root, "runs", name);
  const audited = (name: string, precision: string) => {
    rmSync(out(name), { recursive: true, force: true });
    return fathom(
      "audit",
      "--model",
      path,
      "--prompts",
      "biology",
      "--precision",
      precision,
      "--out",
      out(name),
    );
  };
  return (
    audited("qwen", "fp32") ||
    audited("qwen-int8", "int8") ||
    fathom("compare", out("qwen"), out("qwen-int8"), "--out", out("qwen-fp32-int8"))
  );
}

function fathom(...args: string[]): number {
  const command = [join(root, "src/cli/main.ts"), ...args];
  return spawnSync(process.execPath, command, { stdio: "inherit" }).status ?? 1;
}

/** The largest difference, relative to the reference's largest magnitude. */
function rowError(found: Float32Array, expected: Float32Array): number {
  let difference = 0;
  let magnitude = 0;
  expected.forEach((value, i) => {
    difference = Math.max(difference, Math.abs(found[i]! - value));
    magnitude = Math.max(magnitude, Math.abs(value));
  });
  return difference / magnitude;
}

function same(found: readonly number[], expected: readonly number[], what: string): void {
  if (found.join() === expected.join()) return;
  throw failure(what, expected.join(" "), found.join(" "));
}

function say(text: string): void {
  process.stderr.write(`real: ${text}\n`);
}
