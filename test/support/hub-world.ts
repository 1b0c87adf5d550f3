/** Gives each test of the importing file a hub and an empty cache. Times are short; everything else is real. */
import { randomBytes } from "node:crypto";
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { chooseCheckpoint } from "../../src/hub/choose-checkpoint.ts";
import type { Choose } from "../../src/hub/chosen.ts";
import { fetchSnapshot } from "../../src/hub/fetch-snapshot.ts";
import { defaultPatience, type Hub, hubOf } from "../../src/hub/hub.ts";
import { parseReference } from "../../src/hub/reference.ts";
import { type Fault, type HubServer, repositoryOf, sha256, startHub } from "./hub-server.ts";

// Random, and large enough to be sent in many pieces. No other file here has the same hash.
export const weights = randomBytes(3_000_000);
export const index = (...shards: string[]) =>
  JSON.stringify({ weight_map: Object.fromEntries(shards.map((shard, i) => [`t${i}`, shard])) });
export const small = {
  "config.json": '{"architectures": []}',
  "tokenizer.json": '{"model": {}}',
  "generation_config.json": "{}",
};
export const checkpoint = {
  ...small,
  "model.safetensors": weights,
  "README.md": "not read",
  "pytorch_model.bin": "a pickle",
};

export let server: HubServer;
export let cache: string;

beforeEach(async () => {
  server = await startHub({ "org/tiny": repositoryOf(checkpoint) });
  cache = mkdtempSync(join(tmpdir(), "fathom-hub-"));
});
afterEach(async () => {
  await server.close();
  rmSync(cache, { recursive: true, force: true });
});

export function hub(changes: Partial<Hub> = {}): Hub {
  return {
    ...hubOf({}, { HF_ENDPOINT: server.endpoint, HF_HUB_CACHE: cache, HF_TOKEN_PATH: "/none" }),
    patience: {
      ...defaultPatience,
      stall: 400,
      attempts: 4,
      firstPause: 5,
      longestPause: 20,
      longestObeyed: 3000,
      heartbeat: 40,
    },
    ...changes,
  };
}

export const fetched = (text: string, changes: Partial<Hub> = {}, choose: Choose = chooseCheckpoint) =>
  fetchSnapshot(hub(changes), parseReference(text)!, choose);

export const gets = () =>
  server.asked.filter(({ method, path }) => method === "GET" && !path.startsWith("/api"));
export const names = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => !lstatSync(join(folder, name)).isDirectory())
    .sort();
export const tiny = () => server.repositories.get("org/tiny")!;
export const partial = () => join(cache, "models--org--tiny/blobs", `${sha256(weights)}.incomplete`);

/** Spoils the first `times` requests for the large file's bytes. */
export function spoil(times: number, how: Fault): void {
  let left = times;
  server.faults.push((asked, response, body) => {
    if (asked.host !== "storage" || left-- <= 0) return false;
    return how(asked, response, body);
  });
}
