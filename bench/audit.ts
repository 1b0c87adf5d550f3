/**
 * Times a whole audit of a checkpoint with everything included (all conditions, judging, activations, the report).
 * Compares it with the published way and the careful way of only generating the same answers:
 *
 *     node bench/audit.ts --model FILE.gguf [--prompts FILE] [--peer PYTHON --sample 8]
 *
 * It asks the 156 prompts with which docs/performance.md was measured: one triple in each cell of the bundled biology set.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findPromptFile } from "../src/prompts/bundled.ts";
import { runPeer } from "./peer.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    prompts: { type: "string", default: join(import.meta.dirname, "biology-156.jsonl") },
    peer: { type: "string" },
    /** How many prompts the peer times; the rest is extrapolated, and the output says so. */
    sample: { type: "string", default: "8" },
  },
});
if (values.model === undefined) throw new Error("bench/audit: expected --model DIR_OR_FILE");

const folder = mkdtempSync(join(tmpdir(), "fathom-bench-"));
const main = join(import.meta.dirname, "../src/cli/main.ts");
const start = performance.now();
const args = [
  main,
  "audit",
  "--model",
  values.model,
  "--prompts",
  values.prompts,
  "--out",
  join(folder, "run"),
];
const child = spawnSync(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
const seconds = (performance.now() - start) / 1000;
// findings.json is written last. The exit code is not checked: it also says whether enough answers got a label, which
// is not a question of speed.
if (!existsSync(join(folder, "run", "findings.json")))
  throw new Error(`bench/audit: expected a finished audit, found exit ${child.status}`);
const answers = readFileSync(join(folder, "run", "observations.jsonl"), "utf8").split("\n").length - 1;
rmSync(folder, { recursive: true });
console.log(
  `Fathom: ${answers} answers judged at every cap, with activations and report: ${seconds.toFixed(0)} s`,
);

if (values.peer !== undefined) {
  const { path } = findPromptFile(values.prompts);
  const peer = runPeer(values.peer, [
    "--model",
    values.model,
    "--prompts",
    path,
    "--audit",
    "published,careful-again,careful-once",
    "--sample",
    values.sample,
    "--audit-batch",
    "32",
  ]);
  for (const way of peer.audit) {
    console.log(
      `${peer.peer}, ${way.way} (from ${values.sample} prompts): ${way.seconds.toFixed(0)} s, ratio ${(way.seconds / seconds).toFixed(1)}`,
    );
  }
}
