/**
 * Checks that a checkpoint larger than memory can be captured, under a memory limit that the kernel enforces:
 *
 *     node bench/low-memory.ts [--blocks 12] [--limit 0.5] [--prompts 64] [--tokens 64]
 *
 * A random Llama with blocks of 63 MB is written to a temporary folder. The command line captures every layer of it,
 * once as usual and once with --low-memory; both must write the same bytes. Then both run again in a control group
 * whose memory is `limit` × the weights. There the usual way must fail and --low-memory must not. The limit includes
 * the page cache, so mapped weights count, too. Needs Linux, and root or a control group of one's own.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { hashFile } from "../src/files/disk/hash-file.ts";
import { heldBytes } from "../src/model/architecture/weight-shapes.ts";
import { type Ended, memoryGroup, runMeasured } from "./memory-limit.ts";
import { writeRandomCheckpoint } from "./random-checkpoint.ts";

const { values } = parseArgs({
  options: {
    blocks: { type: "string", default: "12" },
    limit: { type: "string", default: "0.5" },
    prompts: { type: "string", default: "64" },
    tokens: { type: "string", default: "64" },
  },
});
const [blocks, limit, prompts, tokens] = [values.blocks, values.limit, values.prompts, values.tokens].map(
  Number,
) as [number, number, number, number];

const folder = mkdtempSync(join(tmpdir(), "fathom-low-memory-"));
let group: ReturnType<typeof memoryGroup> = null;
try {
  const config = writeRandomCheckpoint(folder, {
    num_hidden_layers: blocks,
    hidden_size: 1024,
    intermediate_size: 4096,
    num_attention_heads: 16,
    num_key_value_heads: 8,
    head_dim: 64,
    attention_bias: false,
    mlp_bias: false,
    max_position_embeddings: 4096,
  });
  const rows = Array.from({ length: prompts }, (_, i) =>
    Array.from({ length: tokens }, (_, t) => 4 + ((i * 7 + t * 31) % 300)),
  );
  writeFileSync(
    join(folder, "prompts.jsonl"),
    rows.map((ids, i) => JSON.stringify({ id: `p${i}`, ids })).join("\n"),
  );
  const { all, largest } = heldBytes(config, "fp32");
  const allowed = Math.round(limit * all);
  console.log(`weights ${mb(all)}, the largest block ${mb(largest)}; ${prompts * tokens} tokens, all layers`);
  console.log("| capture | limit | ended | peak of its own memory | × weights | seconds |");
  console.log("| --- | --- | --- | --- | --- | --- |");

  const run = async (name: string, more: readonly string[], limited: boolean): Promise<Ended> => {
    const fathom = [process.execPath, join(import.meta.dirname, "../src/cli/main.ts")];
    const given = ["--model", folder, "--prompts", join(folder, "prompts.jsonl"), "--layers", "all"];
    const command = [...fathom, "capture", ...given, "--out", join(folder, name), "--quiet", ...more];
    const ended = await runMeasured(command, limited ? group!.path : null);
    const { code, peak, seconds } = ended;
    const way = more[0] ?? "as usual";
    const ratio = (peak / all).toFixed(2);
    console.log(
      `| ${way} | ${limited ? mb(allowed) : "none"} | ${code ?? "killed"} | ${mb(peak)} | ${ratio} | ${seconds.toFixed(1)} |`,
    );
    return ended;
  };
  const same = (name: string) => {
    if (hashFile(join(folder, name)) !== hashFile(join(folder, "usual")))
      throw new Error(`${name}: expected the bytes that the usual way wrote, found others`);
  };
  succeeded(await run("usual", [], false));
  succeeded(await run("low", ["--low-memory"], false));
  same("low");
  group = memoryGroup(allowed);
  if (group === null)
    throw new Error("no memory control group can be made here: nothing was shown under a limit");
  succeeded(await run("low-limited", ["--low-memory"], true));
  same("low-limited");
  const { code, stderr } = await run("usual-limited", [], true);
  if (code === 0) throw new Error("the usual way fits under the limit too: choose a lower one");
  console.log(`under the limit, as usual: ${stderr.trim() || "no note"}`);
} finally {
  group?.remove();
  rmSync(folder, { recursive: true });
}

function succeeded({ code, stderr }: Ended): void {
  if (code !== 0) throw new Error(`exit ${code ?? "by a signal"}: ${stderr}`);
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
