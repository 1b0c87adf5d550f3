/** Models by the name of a repository, as a person uses them: fetched once, found again, with and without the hub. */
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type HubServer, repositoryOf, repositoryOfFolder, sha256, startHub } from "../support/hub-server.ts";
import { finished, fixture, jsonLinesFile, lines, namesIn, scratch, start, tinyModel } from "./fathom.ts";

const folder = scratch();
const prompts = jsonLinesFile(folder, "prompts.jsonl", [{ id: "a", ids: [1, 5, 9] }]);
const demo = join(fixture("../.."), "organisms/demo");

let server: HubServer;
let cache: string;
let env: Record<string, string>;

beforeAll(async () => {
  server = await startHub({
    "org/tiny": repositoryOfFolder(tinyModel),
    "org/gguf": repositoryOf({ "tiny.gguf": readFileSync(fixture("gguf/tiny.gguf")), "other.gguf": "other" }),
    "org/lora": repositoryOfFolder(fixture("adapters/all-linear")),
    "org/demo": repositoryOfFolder(demo),
    "org/gated": repositoryOfFolder(tinyModel, { gated: true, token: "hf_friend" }),
  });
});
afterAll(async () => {
  await server.close();
});
beforeEach(() => {
  cache = join(folder, `cache-${namesIn(folder).length}`);
  mkdirSync(cache);
  env = {
    HF_ENDPOINT: server.endpoint,
    HF_HUB_CACHE: cache,
    HF_TOKEN: "",
    HF_TOKEN_PATH: join(cache, "token"),
  };
  server.asked.length = 0;
  server.faults.length = 0;
});

const generate = (model: string) => [
  "generate",
  "--model",
  model,
  "--prompts",
  prompts,
  "--max-new-tokens",
  "5",
];

test("generate fetches a repository, says so, and finds it again offline", async () => {
  const local = await finished(generate(tinyModel));
  const first = await finished(generate("org/tiny"), { env });
  expect(first).toEqual({
    ...local,
    stderr: expect.stringMatching(/^fetched org\/tiny: 203\.2 KiB, .*iB\/s\n$/) as string,
  });
  expect(server.asked.filter(({ path }) => path.includes("reference"))).toEqual([]);
  server.asked.length = 0;
  for (const model of [
    "org/tiny",
    "org/tiny@main",
    `org/tiny@${server.repositories.get("org/tiny")!.commit}`,
  ])
    expect(await finished(generate(model), { env: { ...env, HF_HUB_OFFLINE: "1" } })).toEqual(local);
  expect(await finished(generate("org/tiny"), { env })).toEqual(local);
  expect(server.asked).toEqual([]);
});

test("a GGUF file of a repository is named after a colon", async () => {
  const local = await finished(generate(fixture("gguf/tiny.gguf")));
  expect(local.code).toBe(0);
  expect(await finished(generate("org/gguf:tiny.gguf"), { env })).toMatchObject({
    code: 0,
    stdout: local.stdout,
  });
});

test("an adapter comes from a repository as its model does", async () => {
  const adapted = (model: string, adapter: string) =>
    finished([...generate(model), "--adapter", adapter], { env });
  const local = await adapted(tinyModel, fixture("adapters/all-linear"));
  expect(local.code).toBe(0);
  expect((await adapted("org/tiny", "org/lora")).stdout).toBe(local.stdout);
});

test("a local folder of that name is used first", async () => {
  cpSync(tinyModel, join(cache, "org/gated"), { recursive: true });
  expect(await finished(generate("org/gated"), { env, cwd: cache })).toMatchObject({ code: 0, stderr: "" });
  expect(server.asked).toEqual([]);
});

test("a killed download is continued, without waiting for the killed process", async () => {
  const weights = server.repositories.get("org/tiny")!.files.get("model.safetensors")!;
  server.faults.push(({ host, path }, response) => {
    if (host !== "storage" || !path.includes(sha256(weights))) return false;
    response.writeHead(200, { "content-length": weights.length });
    response.write(weights.subarray(0, 100_000));
    return true;
  });
  const partial = join(cache, "models--org--tiny/blobs", `${sha256(weights)}.incomplete`);
  const child = start(generate("org/tiny"), { env });
  while (!existsSync(partial) || readFileSync(partial).length < 50_000)
    await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill("SIGKILL");
  await once(child, "exit");
  server.faults.length = 0;
  server.asked.length = 0;
  const before = performance.now();
  expect(await finished(generate("org/tiny"), { env })).toMatchObject({ code: 0 });
  expect(performance.now() - before).toBeLessThan(14_000);
  const [asked] = server.asked.filter(
    ({ host, path }) => host === "storage" && path.includes(sha256(weights)),
  );
  expect(Number(/^bytes=(\d+)-$/.exec(asked!.range!)![1])).toBeGreaterThanOrEqual(50_000);
});

test("two commands at once fetch a model once", async () => {
  const both = await Promise.all([1, 2].map(() => finished(generate("org/tiny"), { env })));
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(both[0]!.stdout).toBe(both[1]!.stdout);
  expect(server.asked.filter(({ host }) => host === "storage")).toHaveLength(2);
});

test("an audit's plan may name repositories, and the run records their commits", async () => {
  const { commit } = server.repositories.get("org/demo")!;
  const plan = join(cache, "audit.yaml");
  writeFileSync(
    plan,
    "model: org/demo\nsae: org/demo:sae\nprompts: fiction\nlimit: 2\ncaps: [4]\ntemplates: [chat]\nout: ./run\n",
  );
  const { code, stderr } = await finished(["audit", plan, "--json"], { env });
  expect(stderr).toContain("fetched org/demo");
  expect([0, 1]).toContain(code);
  const manifest = JSON.parse(readFileSync(join(cache, "run/manifest.json"), "utf8")) as {
    inputs: { model: { name: string }; saes: { name: string }[] };
    origins: object;
  };
  expect(manifest.inputs).toMatchObject({ model: { name: "org/demo" }, saes: [{ name: "org/demo:sae" }] });
  expect(manifest.origins).toEqual({
    model: { repo: "org/demo", commit, path: null },
    adapter: null,
    sae: [{ repo: "org/demo", commit, path: "sae" }],
  });
  expect(readFileSync(join(cache, "run/report.md"), "utf8")).toContain(`org/demo at commit ${commit}`);
});

test.each([
  [
    "org/gated",
    {},
    2,
    /^fathom: org\/gated: expected access to a gated repository, found no token\. Try: accept /,
  ],
  ["org/none", {}, 2, /^fathom: org\/none: expected something at this path, or a repository of http:\/\/127/],
  [
    "org/tiny",
    { HF_HUB_OFFLINE: "1" },
    2,
    /^fathom: org\/tiny: .*, found neither\. Try: without HF_HUB_OFFLINE/,
  ],
  ["org/tiny", { HF_ENDPOINT: "nowhere" }, 2, /^fathom: HF_ENDPOINT: expected an address/],
  [
    "org/gguf",
    {},
    2,
    /^fathom: org\/gguf: expected one GGUF file, found 2\. Try: one of org\/gguf:tiny\.gguf, /,
  ],
  ["org/gguf:other.gguf", {}, 2, /^fathom: .*other\.gguf: expected /],
])("%s with %j is exit %i in one line", async (model, changes, exit, message) => {
  const { code, stdout, stderr } = await finished([...generate(model), "--quiet"], {
    env: { ...env, ...changes },
  });
  expect(stderr).toMatch(message);
  expect(lines(stderr)).toHaveLength(1);
  expect({ code, stdout }).toEqual({ code: exit, stdout: "" });
});

test("doctor says where models come from, but not the token", async () => {
  const detail = async (changes: Record<string, string>) => {
    const { stdout } = await finished(["doctor", "--json"], { env: { ...env, ...changes } });
    expect(stdout).not.toContain("hf_secret");
    const { checks } = JSON.parse(stdout) as { checks: { name: string; detail: string }[] };
    return checks.find(({ name }) => name === "Hugging Face hub")!.detail;
  };
  expect(await detail({})).toBe(`${server.endpoint}, no token: public models only`);
  expect(await detail({ HF_TOKEN: "hf_secret" })).toBe(`${server.endpoint}, a token from HF_TOKEN`);
  expect(await detail({ HF_HUB_OFFLINE: "1" })).toContain("offline");
  expect(await detail({ HF_ENDPOINT: "nowhere" })).toContain("HF_ENDPOINT");
  expect(server.asked).toEqual([]);
});

test("a snapshot's folder that is given as a path is recognized", async () => {
  await finished(generate("org/demo"), { env });
  const { commit } = server.repositories.get("org/demo")!;
  const snapshot = join(cache, "models--org--demo/snapshots", commit);
  const args = ["audit", "--model", snapshot, "--prompts", "fiction", "--limit", "1", "--dry-run"];
  expect((await finished(args, { env })).stdout).toMatch(/^Model +org\/demo: /m);
  rmSync(cache, { recursive: true });
});
