/**
 * Tests `--sae org/name:path` for every format, in the layout of the repositories that publish it. Only the files that the
 * format needs
 * are fetched, and the SAE and its layer are those of the local files.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { chooseSae } from "../src/hub/choose-sae.ts";
import { fetchSnapshot } from "../src/hub/fetch-snapshot.ts";
import { hubOf } from "../src/hub/hub.ts";
import { parseReference } from "../src/hub/reference.ts";
import { makeSae } from "../src/sae/code/sae.ts";
import { openSae } from "../src/sae/formats/open-sae.ts";
import { type HubServer, repositoryOf, startHub } from "./support/hub-server.ts";

const fixtures = fileURLToPath(new URL("fixtures/", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "fathom-hub-sae-"));
let server: HubServer | null = null;
afterEach(async () => await server?.close());
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

interface Layout {
  /** Local file or folder, below test/fixtures. */
  local: string;
  repository: string;
  /** Folder of the repository that has the local folder's files. */
  at: string;
  /** The path that a person types after the colon. */
  named: string;
  /** The files that are fetched, below `at`. */
  files: string[];
  /** --k, if no file states it. */
  k?: number;
}
const formats = "sae-formats";
const layouts: Record<string, Layout> = {
  "SAELens, a folder a hook": {
    local: "sae/jumprelu",
    repository: "org/saes",
    at: "blocks.1.hook_resid_post/",
    named: "blocks.1.hook_resid_post",
    files: ["cfg.json", "sae_weights.safetensors"],
  },
  "Gemma Scope, the folder of an .npz": {
    local: `${formats}/gemma-scope/gemma-scope-2b-pt-res/layer_1/width_16k/average_l0_12`,
    repository: "google/gemma-scope-2b-pt-res",
    at: "layer_1/width_16k/average_l0_12/",
    named: "layer_1/width_16k/average_l0_12",
    files: ["params.npz"],
  },
  "Gemma Scope 2": {
    local: `${formats}/gemma-scope-2/sae`,
    repository: "google/gemma-scope-2-270m-pt",
    at: "resid_post/layer_1_width_16k_l0_small/",
    named: "resid_post/layer_1_width_16k_l0_small",
    files: ["config.json", "params.safetensors"],
  },
  "Llama Scope, its folder": {
    local: `${formats}/llama-scope/sae`,
    repository: "fnlp/Llama3_1-8B-Base-LXR-8x",
    at: "Llama3_1-8B-Base-L1R-8x/",
    named: "Llama3_1-8B-Base-L1R-8x",
    files: ["checkpoints/final.safetensors", "hyperparams.json"],
  },
  "Llama Scope, its weights": {
    local: `${formats}/llama-scope/sae`,
    repository: "fnlp/Llama3_1-8B-Base-LXR-8x",
    at: "Llama3_1-8B-Base-L1R-8x/",
    named: "Llama3_1-8B-Base-L1R-8x/checkpoints/final.safetensors",
    files: ["checkpoints/final.safetensors", "hyperparams.json"],
  },
  "Llama Scope R1": {
    local: `${formats}/llama-scope-r1/sae`,
    repository: "org/Llama-Scope-R1-Distill",
    at: "800M-Slimpajama/L1R/",
    named: "800M-Slimpajama/L1R",
    files: ["config.json", "sae_weights.safetensors"],
  },
  "Qwen-Scope, whose k the repository's name says": {
    local: `${formats}/qwen-scope/SAE-Res-Qwen3-1.7B-Base-W32K-L0_6`,
    repository: "Qwen/SAE-Res-Qwen3-1.7B-Base-W32K-L0_6",
    at: "",
    named: "layer1.sae.pt",
    files: ["layer1.sae.pt"],
  },
  "sparsify, a folder a module": {
    local: `${formats}/sparsify/layers.1`,
    repository: "EleutherAI/sae-tiny-32x",
    at: "layers.1/",
    named: "layers.1",
    files: ["cfg.json", "sae.safetensors"],
  },
  dictionary_learning: {
    local: `${formats}/dictionary-topk/trainer_0`,
    repository: "org/dictionaries",
    at: "resid_post_layer_1/trainer_0/",
    named: "resid_post_layer_1/trainer_0",
    files: ["ae.pt", "config.json"],
  },
  "an author's .pt, beside others": {
    local: `${formats}/topk-pt`,
    repository: "org/domain-saes",
    at: "",
    named: "domain.pt",
    files: ["domain.meta.json", "domain.pt"],
  },
  "an author's .pt that nothing describes": {
    local: `${formats}/topk-pt`,
    repository: "org/domain-saes",
    at: "",
    named: "domain.pt",
    files: ["domain.pt"],
    k: 6,
  },
};

/** Other files of the repositories, which must not be fetched. */
const others = {
  "README.md": "about",
  "layer_9/width_16k/average_l0_9/params.npz": "another SAE",
  "layers.9/sae.safetensors": "another SAE",
  "layer9.sae.pt": "another SAE",
  "other.pt": "another SAE",
};

describe.each(Object.entries(layouts))("%s", (_, { local, repository, at, named, files, k }) => {
  it("is fetched with the files that describe it, and equals the local SAE", async () => {
    const home = join(fixtures, local);
    const held = Object.fromEntries(files.map((file) => [`${at}${file}`, readFileSync(join(home, file))]));
    server = await startHub({ [repository]: repositoryOf({ ...others, ...held }) });
    const cache = mkdtempSync(join(scratch, "cache-"));
    const environment = { HF_ENDPOINT: server.endpoint, HF_HUB_CACHE: cache, HF_TOKEN_PATH: "/none" };
    const reference = parseReference(`${repository}:${named}`)!;
    const path = await fetchSnapshot(hubOf({}, environment), reference, chooseSae);
    const found = openSae(path, undefined, k);
    const here = openSae(named.endsWith(".pt") ? join(home, basename(named)) : home);
    expect(found.format).toBe(here.format);
    // Without a describing file, the SAE does not say which layer it reads.
    if (k === undefined) expect(found.site?.layer).toBe(1);
    expect(found.site).toEqual(k === undefined ? here.site : null);
    expect(found.k).toBe(here.k);
    expect(makeSae({ ...found, site: here.site }).identity()).toBe(here.identity());
    const fetched = filesBelow(join(cache, `models--${repository.replace("/", "--")}`, "snapshots"));
    expect(fetched).toEqual(files.map((file) => `${at}${file}`).sort());
  });
});

/** Files of the one snapshot, by their names in the repository. */
function filesBelow(snapshots: string): string[] {
  const [commit] = readdirSync(snapshots);
  const root = join(snapshots, commit!);
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(root, name)).isFile())
    .sort();
}
