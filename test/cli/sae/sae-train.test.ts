/** `sae train` from a text to an SAE; killed or interrupted, it ends in the same bytes; its refusals. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { openSafetensors } from "../../../src/files/tensors/safetensors.ts";
import { openSae } from "../../../src/sae/formats/open-sae.ts";
import { killedAtItsStart } from "../../support/kills.ts";
import { type Ended, fathom, fixture, namesIn, scratch, sendable, start, tinyModel } from "../fathom.ts";

const folder = scratch();
const text = join(folder, "text.txt");
const steps = 400;
const plan = {
  "--model": tinyModel,
  "--layer": "1",
  "--text": text,
  "--d-sae": "64",
  "--k": "4",
  "--steps": String(steps),
  "--batch-size": "128",
  "--seed": "7",
  "--threads": "1",
  "--checkpoint-every": "20",
};
const train = (out: string, changes: Record<string, string> = {}, ...more: string[]) => [
  "sae",
  "train",
  ...Object.entries({ ...plan, ...changes, "--out": out }).flat(),
  ...more,
];
/** The plan without an option, and with others. */
const without = (option: keyof typeof plan, ...more: string[]) => {
  const { [option]: _, ...rest } = plan;
  return ["sae", "train", ...Object.entries({ ...rest, "--out": join(folder, "x") }).flat(), ...more];
};
const files = ["cfg.json", "sae_weights.safetensors", "training.json"];
const whole = join(folder, "whole");
let ended: Ended;

beforeAll(() => {
  const lines = Array.from(
    { length: 60 },
    (_, at) => `Line ${at} of ${at * at} tells of a river and ${at} boats.`,
  );
  writeFileSync(text, `${lines.join("\n\n")}\n`);
  // On a slow machine there are lines of progress too.
  ended = fathom(train(whole, {}, "--json", "--quiet"));
});

/** Names and types of an export's entries, without the trained numbers and without the record. */
function exportOf(folder: string) {
  const config = JSON.parse(readFileSync(join(folder, "cfg.json"), "utf8")) as {
    metadata: { fathom: object };
  };
  const weights = openSafetensors(join(folder, "sae_weights.safetensors"));
  return {
    config: Object.keys(config),
    metadata: Object.keys(config.metadata),
    fathom: Object.keys(config.metadata.fathom),
    tensors: [...weights.entries].map(([name, { dtype, shape }]) => ({ name, dtype, axes: shape.length })),
  };
}

/** An export that SAELens has read (oracle/sae_roundtrip.py). */
const readBySaelens = (objective: string) => exportOf(fixture(`sae-export/${objective}`));

test("an answer that generate wrote is trained on, after its prompt, which is not trained on", () => {
  const trainedOn = (name: string, prompt: (at: number) => object) => {
    const file = join(folder, `${name}.jsonl`);
    const line = (at: number) => ({ id: `answer ${at}`, ...prompt(at), ids: [at, 7, 7, 2 * at, 9] });
    writeFileSync(file, Array.from({ length: 12 }, (_, at) => `${JSON.stringify(line(at + 1))}\n`).join(""));
    const out = join(folder, name);
    const changes = { "--prompts": file, "--steps": "2", "--batch-size": "16", "--out": out };
    expect(fathom([...without("--text"), ...Object.entries(changes).flat()]).code).toBe(0);
    const { training } = JSON.parse(readFileSync(join(out, "training.json"), "utf8")) as {
      training: { rows: number; rows_held_out: number; rows_above_norm: number };
    };
    const rows = training.rows + training.rows_held_out + training.rows_above_norm;
    return { rows, identity: openSae(out).identity() };
  };
  const behind = trainedOn("behind", (at) => ({ prompt_ids: [30 - at, 5, 11] }));
  const alone = trainedOn("alone", () => ({}));
  expect([behind.rows, alone.rows]).toEqual([60, 60]);
  expect(behind.identity).not.toBe(alone.identity);
});

test("writes an SAE that opens, its quality and its curve, and leaves nothing beside it", () => {
  expect(ended).toMatchObject({ code: 0, stderr: "" });
  expect(namesIn(whole).sort()).toEqual(files);
  expect(namesIn(folder).filter((name) => name.includes("training"))).toEqual([]);
  const sae = openSae(whole);
  expect(sae).toMatchObject({ kind: "topk", k: 4, d_in: 32, d_sae: 64, site: { layer: 1 } });
  expect(exportOf(whole)).toEqual(readBySaelens("topk"));
  const said = JSON.parse(ended.stdout) as { identity: string; quality: { meanL0: number } };
  expect(said.identity).toBe(sae.identity());
  const kept = JSON.parse(readFileSync(join(whole, "training.json"), "utf8")) as {
    quality: unknown;
    curve: { step: number; unexplained: number }[];
  };
  expect(kept.quality).toEqual(said.quality);
  expect(kept.curve.map(({ step }) => step)).toEqual(Array.from({ length: steps }, (_, at) => at + 1));
  expect(kept.curve.at(-1)!.unexplained).toBeLessThan(0.7 * kept.curve[0]!.unexplained);
});

test.each(sendable(["SIGKILL", "SIGINT"]))(
  "cut by %s and resumed, it ends in the same bytes",
  async (signal) => {
    const out = join(folder, signal);
    const state = join(`${out}.training`, "state.safetensors");
    const child = start(train(out));
    const end = new Promise<number | null>((resolve) => child.on("close", resolve));
    while (!existsSync(state) && child.exitCode === null) await sleep(2);
    child.kill(signal);
    expect(await end).toBe(signal === "SIGINT" ? 130 : null);
    expect(existsSync(out)).toBe(false);
    const file = openSafetensors(state);
    expect(Number(file.metadata["steps"])).toBeLessThan(steps);
    file.close();

    const other = fathom(train(out, { "--k": "5" }, "--resume"));
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/--resume: expected k 4, as the training began, found 5/);
    const again = fathom(train(out));
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/one that was cut.*--resume/);

    expect(fathom(train(out, {}, "--resume", "--quiet"))).toMatchObject({ code: 0, stderr: "" });
    for (const name of files)
      expect(readFileSync(join(out, name)).equals(readFileSync(join(whole, name))), name).toBe(true);
  },
);

test("killed as it begins, it goes on by the same command where it has no settings yet, and else by --resume", async () => {
  for (const [at, after] of [0, 20, 120].entries()) {
    const out = join(folder, `at-start-${at}`);
    const [kept, settings] = [`${out}.training`, join(`${out}.training`, "settings.json")];
    await killedAtItsStart(train(out), kept, after);
    // The state after a kill in the middle of the next file.
    writeFileSync(join(kept, "prompts.json.partial-1073741824"), "[");
    const more = existsSync(settings) ? ["--resume", "--quiet"] : ["--quiet"];
    expect(fathom(train(out, {}, ...more))).toMatchObject({ code: 0, stderr: "" });
    for (const name of files)
      expect(readFileSync(join(out, name)).equals(readFileSync(join(whole, name))), name).toBe(true);
    expect(existsSync(kept)).toBe(false);
  }
  const out = join(folder, "no-settings");
  mkdirSync(`${out}.training`);
  expect(fathom(train(out, {}, "--resume", "--quiet"))).toMatchObject({ code: 0, stderr: "" });
}, 300_000);

test("a changed bit of its rows or its state is noticed", async () => {
  const out = join(folder, "flipped");
  const state = join(`${out}.training`, "state.safetensors");
  const child = start(train(out));
  const end = new Promise((resolve) => child.on("close", resolve));
  while (!existsSync(state) && child.exitCode === null) await sleep(2);
  child.kill("SIGKILL");
  await end;
  for (const path of [join(`${out}.training`, "rows/00000.safetensors"), state]) {
    const bytes = readFileSync(path);
    const changed = Buffer.from(bytes);
    changed[bytes.length - 2]! ^= 1;
    writeFileSync(path, changed);
    const { code, stderr } = fathom(train(out, {}, "--resume", "--quiet"));
    expect(stderr).toMatch(/: expected the (rows that were captured|state that its checksum is of)/);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(code).toBe(2);
    writeFileSync(path, bytes);
  }
  expect(fathom(train(out, {}, "--resume", "--quiet"))).toMatchObject({ code: 0, stderr: "" });
});

test("trains with the other objectives, and says with which", () => {
  const own = {
    batchtopk: { "--k": "4", "--steps": "100" },
    jumprelu: { "--sparsity": "1", "--target-l0": "4", "--steps": "100" },
  };
  for (const [objective, options] of Object.entries(own)) {
    const out = join(folder, objective);
    const changes = { "--objective": objective, "--out": out, ...options };
    const { code, stdout } = fathom(without("--k", ...Object.entries(changes).flat()));
    expect(code).toBe(0);
    expect(stdout).toContain(`${out}: ${objective}, 64 features of blocks.1.hook_resid_post`);
    expect(openSae(out)).toMatchObject({ kind: "jumprelu", d_in: 32, d_sae: 64 });
    expect(exportOf(out)).toEqual(readBySaelens(objective));
  }
});

test("starts from an existing SAE, with its sizes, and says from which", () => {
  const out = join(folder, "tuned");
  const options = without("--k", "--from", whole, "--out", out, "--steps", "20", "--json");
  const at = options.indexOf("--d-sae");
  const { code, stdout } = fathom(options.toSpliced(at, 2));
  expect(code).toBe(0);
  expect(openSae(out)).toMatchObject({ kind: "topk", k: 4, d_sae: 64 });
  const said = JSON.parse(stdout) as { training: { from: string } };
  expect(said.training.from).toBe(openSae(whole).identity());
  const { curve } = JSON.parse(readFileSync(join(out, "training.json"), "utf8")) as {
    curve: { unexplained: number }[];
  };
  const before = JSON.parse(readFileSync(join(whole, "training.json"), "utf8")) as {
    curve: { unexplained: number }[];
  };
  expect(curve[0]!.unexplained).toBeLessThan(1.5 * before.curve.at(-1)!.unexplained);
});

test.each<[string, string[], RegExp]>([
  [
    "another k than the SAE's that it begins with",
    train(join(folder, "x"), { "--from": whole, "--k": "5" }),
    /--k: expected 4, as .*whole has it, found 5/,
  ],
  [
    "another layer than the SAE's that it begins with",
    train(join(folder, "x"), { "--from": whole, "--layer": "2" }),
    /--layer: expected the SAE's, 1, found 2/,
  ],
  [
    "no number of features",
    without("--d-sae"),
    /--d-sae: expected a number of features, an SAE --from, or a --preset/,
  ],
  ["a place with an SAE in it", train(whole), /expected a folder that is not there yet/],
  [
    "a resume of nothing",
    train(join(folder, "none"), {}, "--resume"),
    /expected a training that was cut, found none/,
  ],
  [
    "a layer too deep",
    train(join(folder, "x"), { "--layer": "3" }),
    /--layer: expected a block from 0 to 2, found 3/,
  ],
  [
    "k above d_sae",
    train(join(folder, "x"), { "--k": "65" }),
    /plan k: expected at most d_sae = 64, found 65/,
  ],
  ["no k", without("--k"), /--k: expected a number, for topk, found none/],
  [
    "k for JumpReLU",
    train(join(folder, "x"), { "--objective": "jumprelu", "--sparsity": "0.01" }),
    /--k: expected none for jumprelu, found 4\. Try: --objective topk or batchtopk/,
  ],
  [
    "a sparsity for TopK",
    train(join(folder, "x"), { "--sparsity": "0.01" }),
    /--sparsity: expected none for topk, found 0.01/,
  ],
  ["JumpReLU without a sparsity", without("--k", "--objective", "jumprelu"), /--sparsity: expected a number/],
  [
    "two sources",
    train(join(folder, "x"), { "--prompts": "fiction" }),
    /expected one of --text and --prompts, found both/,
  ],
  [
    "too little text",
    train(join(folder, "x"), { "--batch-size": "100000" }),
    /text\.txt: expected at least a batch of 100000 rows/,
  ],
  ["no text", train(join(folder, "x"), { "--text": "/dev/null" }), /expected lines of text, found none/],
])("refuses %s in one line", (_, args, message) => {
  const { code, stdout, stderr } = fathom(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(message);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(existsSync(join(folder, "x.training"))).toBe(false);
});
