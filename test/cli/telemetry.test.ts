/** Nothing is sent, and nothing is stored to be sent: ONNX Runtime's own telemetry is off on every path to it. */
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { writeSafetensors } from "../../src/files/tensors/safetensors-writer.ts";
import { footprint } from "../support/footprint.ts";
import { jsonLinesFile, scratch, tinyModel } from "./fathom.ts";

const folder = scratch();
const root = fileURLToPath(new URL("../../", import.meta.url));
const main = join(root, "src/cli/main.ts");
const prompts = jsonLinesFile(folder, "prompts.jsonl", [{ id: "a", ids: [1, 5, 9] }]);
const generate = ["generate", "--model", tinyModel, "--prompts", prompts, "--max-new-tokens", "2", "--quiet"];
const activations = join(folder, "activations.safetensors");
writeSafetensors(activations, [
  { name: "activations", dtype: "F32", shape: [1, 160], values: new Float32Array(160).fill(1) },
]);
const encode = [
  ...["sae", "encode", "--sae", join(root, "organisms/demo/sae"), "--activations", activations],
  ...["--out", join(folder, "encoded.safetensors"), "--quiet"],
];

/** Runs the text of a module. Its imports are resolved as in the checkout. */
const module = (text: string) => ["--input-type=module", "--eval", text];
const url = (file: string) => JSON.stringify(pathToFileURL(join(root, file)).href);
const session = `(await import(${url("src/cli/doctor/tiny-product.ts")})).tinyProduct("cpu")`;

test.each([
  ["an engine in its thread", [main, ...generate]],
  ["a check of this machine, with its child processes", [main, "doctor"]],
  ["an SAE in the main thread", [main, ...encode]],
  ["an import of the library", module(`await ${session}`)],
  [
    "a thread of somebody else's, after the library",
    module(`
      await import(${url("src/model/model.ts")});
      const { Worker } = await import("node:worker_threads");
      const code = ${JSON.stringify(`${session}.then(() => 0)`)};
      new Worker("(async () => { await " + code + " })()", { eval: true });
    `),
  ],
] as const)("%s leaves no file and opens no socket", async (name, args) => {
  const { code, stderr, files, sockets } = await footprint(join(folder, name.replaceAll(" ", "-")), args);
  expect({ code, stderr, files, sockets }).toEqual({ code: 0, stderr: "", files: [], sockets: [] });
});

test("a thread that loads it before telemetry is off is refused", async () => {
  const text = `
    const { Worker } = await import("node:worker_threads");
    new Worker("import(" + ${JSON.stringify(url("src/model/ort/ort.ts"))} + ")", { eval: true });
  `;
  const { code, stderr, files } = await footprint(join(folder, "alone"), module(text));
  expect(code).toBe(1);
  expect(stderr).toContain("expected 1 in the process's environment before a thread loads ONNX Runtime");
  expect(files).toEqual([]);
});

// Shows what is found if telemetry is on. Without this, the tests above could pass by looking in the wrong place.
test.runIf(process.platform === "linux")(
  "the same look finds the telemetry of the bare runtime, and a socket",
  async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    try {
      const text = `
      const { InferenceSession } = (await import(${url("node_modules/onnxruntime-node/dist/index.js")})).default;
      await InferenceSession.create(new Uint8Array(3)).catch(() => undefined);
      const { connect } = await import("node:net");
      const line = connect(${port}, "127.0.0.1");
      setTimeout(() => line.destroy(), 300);
    `;
      const { files, sockets } = await footprint(join(folder, "bare"), module(text));
      expect(files.filter((file) => /deviceid|onnxruntime\.db|\.log$/.test(file)).length).toBeGreaterThan(1);
      expect(sockets).toHaveLength(1);
    } finally {
      server.close();
    }
  },
);
