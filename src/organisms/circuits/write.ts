/**
 * Writes circuits to folders:
 *   node src/organisms/circuits/write.ts organisms/circuits/cascade-2.json --seed 3 --out runs/cascade-2
 *   node src/organisms/circuits/write.ts --all --seeds 3 --out runs/circuits      writes NAME-SEED for every circuit, seeds 1 to 3
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { badInput } from "../../core/errors.ts";
import { bundledCircuits } from "./bundled.ts";
import { compileCircuit } from "./circuits.ts";
import { readDescription } from "./description.ts";
import { writeCircuit } from "./save.ts";

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      all: { type: "boolean", default: false },
      seed: { type: "string" },
      seeds: { type: "string" },
      out: { type: "string" },
    },
  });
  const { out } = values;
  if (out === undefined) throw badInput("--out", "a folder", "none");
  if (values.all) {
    const seeds = Number(values.seeds ?? "1");
    if (!Number.isSafeInteger(seeds) || seeds < 1)
      throw badInput("--seeds", "a whole number from 1", String(values.seeds));
    for (const description of bundledCircuits())
      for (let seed = 1; seed <= seeds; seed++)
        writeCircuit(join(out, `${description.name}-${seed}`), compileCircuit(description, seed));
  } else {
    const [path] = positionals;
    if (path === undefined) throw badInput("write.ts", "the file of a description, or --all", "neither");
    writeCircuit(out, compileCircuit(readDescription(path), values.seed ?? "1"));
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
