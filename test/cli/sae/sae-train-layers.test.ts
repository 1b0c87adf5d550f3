/** `sae train` on several layers: one capture, and per layer the SAE that a training of that layer alone makes, also after a kill. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { fathom, namesIn, scratch, sendable, start, tinyModel } from "../fathom.ts";

const folder = scratch();
const text = join(folder, "text.txt");
const plan = {
  "--model": tinyModel,
  "--text": text,
  "--d-sae": "64",
  "--k": "4",
  "--steps": "200",
  "--batch-size": "128",
  "--seed": "7",
  "--threads": "1",
  "--checkpoint-every": "20",
};
const train = (layer: string, out: string, changes: Record<string, string> = {}, ...more: string[]) => [
  "sae",
  "train",
  ...Object.entries({ ...plan, "--layer": layer, "--out": out, ...changes }).flat(),
  ...more,
];
const files = ["cfg.json", "sae_weights.safetensors", "training.json"];
const filesOf = (out: string) => files.map((name) => readFileSync(join(out, name), "utf8"));
const layers = [0, 2];
const alone = (layer: number) => join(folder, `alone-${layer}`);

beforeAll(() => {
  const lines = Array.from({ length: 60 }, (_, at) => `Line ${at} of ${at * at} tells of ${at} boats.`);
  writeFileSync(text, lines.join("\n"));
  for (const layer of layers)
    expect(fathom(train(String(layer), alone(layer), {}, "--quiet"))).toMatchObject({ code: 0, stderr: "" });
});

const expectWhole = (out: string) => {
  expect(namesIn(out).sort()).toEqual(layers.map((layer) => `layer-${layer}`));
  for (const layer of layers) expect(filesOf(join(out, `layer-${layer}`))).toEqual(filesOf(alone(layer)));
};

test("each SAE has the bytes of the one trained alone", () => {
  const out = join(folder, "both");
  const { code, stdout } = fathom(train("0,2", out, {}, "--json"));
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject(
    layers.map((layer) => ({ sae: join(out, `layer-${layer}`), hook: `blocks.${layer}.hook_resid_post` })),
  );
  expectWhole(out);
});

test.each(sendable(["SIGKILL", "SIGINT"]))(
  "cut by %s in its second layer, it goes on there and leaves the first as it is",
  async (signal) => {
    const out = join(folder, signal);
    const state = join(out, "layer-2.training/state.safetensors");
    const child = start(train("0,2", out));
    const end = new Promise<number | null>((resolve) => child.on("close", resolve));
    while (!existsSync(state) && child.exitCode === null) await sleep(2);
    child.kill(signal);
    expect(await end).toBe(signal === "SIGINT" ? 130 : null);
    expect(namesIn(out).sort()).toEqual(["layer-0", "layer-2.training"]);

    const refused = (message: RegExp, ...args: Parameters<typeof train>) => {
      const { code, stderr } = fathom(train(...args));
      expect(code).toBe(2);
      expect(stderr).toMatch(message);
      expect(stderr.trim().split("\n")).toHaveLength(1);
    };
    refused(
      /layer-0: --resume: expected k 4, as this layer was trained, found 5/,
      "0,2",
      out,
      { "--k": "5" },
      "--resume",
    );
    refused(
      /layer-2: --resume: expected k 4, as the training began, found 5/,
      "2,1",
      out,
      { "--k": "5" },
      "--resume",
    );
    refused(/one that was cut\. Try: --resume/, "0,2", out);
    expect(namesIn(out).sort()).toEqual(["layer-0", "layer-2.training"]);

    const { code, stdout } = fathom(train("0,2", out, {}, "--resume", "--quiet"));
    expect(code).toBe(0);
    expect(stdout.split("\n")[0]).toBe(`${join(out, "layer-0")}: finished before`);
    expectWhole(out);
    const again = fathom(train("0,2", out, {}, "--resume", "--quiet"));
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(again.stdout.split("\n").slice(0, 2)).toEqual(
      ["layer-0", "layer-2"].map((name) => `${join(out, name)}: finished before`),
    );
    expectWhole(out);
    refused(/expected a folder that is not there yet/, "0,2", out);
  },
  120_000,
);

test("cut before anything is captured, the same command begins again", () => {
  const out = join(folder, "early");
  mkdirSync(join(out, "layer-0.training"), { recursive: true });
  expect(fathom(train("0,2", out, {}, "--quiet"))).toMatchObject({ code: 0, stderr: "" });
  expectWhole(out);
});

test.each<[string, string[], RegExp]>([
  ["a layer twice", train("1,1", join(folder, "x")), /--layer: expected each value once, found 1 twice/],
  ["a layer too deep", train("0,3", join(folder, "x")), /--layer: expected a block from 0 to 2, found 3/],
  [
    "an SAE to start from",
    train("0,2", join(folder, "x"), { "--from": join(folder, "alone-0") }),
    /--from: expected one --layer, that of the SAE to start from, found 0,2/,
  ],
  [
    "a resume of nothing",
    train("0,2", join(folder, "x"), {}, "--resume"),
    /expected a training that was cut, found none/,
  ],
  ["a folder with something else in it", train("0,2", folder), /expected a folder that is not there yet/],
])("refuses %s in one line", (_, args, message) => {
  const { code, stdout, stderr } = fathom(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(message);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(existsSync(join(folder, "x"))).toBe(false);
});
