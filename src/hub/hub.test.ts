/** Fetching from a hub that cuts, corrupts, redirects, limits, stalls and refuses; times are short, everything else is real. */
import { createHash, randomBytes } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Fault,
  type HubServer,
  type Repository,
  repositoryOf,
  repositoryOfFolder,
  sha256,
  startHub,
} from "../../test/support/hub-server.ts";
import { CachedRepository } from "./cache.ts";
import { chooseAdapter } from "./choose-adapter.ts";
import { chooseCheckpoint } from "./choose-checkpoint.ts";
import { chooseSae } from "./choose-sae.ts";
import type { Choose } from "./chosen.ts";
import { fetchSnapshot } from "./fetch-snapshot.ts";
import { defaultPatience, type Hub, hubOf } from "./hub.ts";
import { parseReference } from "./reference.ts";

// Random and large enough to be many pieces on the way; its hash is that of no other file here.
const weights = randomBytes(3_000_000);
const index = (...shards: string[]) =>
  JSON.stringify({ weight_map: Object.fromEntries(shards.map((shard, i) => [`t${i}`, shard])) });
const small = {
  "config.json": '{"architectures": []}',
  "tokenizer.json": '{"model": {}}',
  "generation_config.json": "{}",
};
const checkpoint = {
  ...small,
  "model.safetensors": weights,
  "README.md": "not read",
  "pytorch_model.bin": "a pickle",
};

let server: HubServer;
let cache: string;

beforeEach(async () => {
  server = await startHub({ "org/tiny": repositoryOf(checkpoint) });
  cache = mkdtempSync(join(tmpdir(), "fathom-hub-"));
});
afterEach(async () => {
  await server.close();
  rmSync(cache, { recursive: true, force: true });
});

function hub(changes: Partial<Hub> = {}): Hub {
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

const fetched = (text: string, changes: Partial<Hub> = {}, choose: Choose = chooseCheckpoint) =>
  fetchSnapshot(hub(changes), parseReference(text)!, choose);

const gets = () => server.asked.filter(({ method, path }) => method === "GET" && !path.startsWith("/api"));
const names = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => !lstatSync(join(folder, name)).isDirectory())
    .sort();
const tiny = () => server.repositories.get("org/tiny")!;
const partial = () => join(cache, "models--org--tiny/blobs", `${sha256(weights)}.incomplete`);

/** Misbehaves towards the first `times` requests for the large file's bytes. */
function spoil(times: number, how: Fault): void {
  let left = times;
  server.faults.push((asked, response, body) => {
    if (asked.host !== "storage" || left-- <= 0) return false;
    return how(asked, response, body);
  });
}

/** Says that all of it will come, sends up to byte `end` and hangs up. */
const cutAt =
  (end: number): Fault =>
  ({ range }, response, body) => {
    const from = Number(/\d+/.exec(range ?? "")?.[0] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, {
      "content-length": body.length - from,
      ...(from > 0 ? { "content-range": `bytes ${from}-${body.length - 1}/${body.length}` } : {}),
    });
    response.write(body.subarray(from, end), () => response.destroy());
    return true;
  };

describe("what is fetched", () => {
  it("is the checkpoint's files and no other, laid out as Python lays it out", async () => {
    const path = await fetched("org/tiny");
    const folder = join(cache, "models--org--tiny");
    expect(relative(folder, path)).toBe(join("snapshots", tiny().commit));
    expect(names(path)).toEqual([
      "config.json",
      "generation_config.json",
      "model.safetensors",
      "tokenizer.json",
    ]);
    expect(readlinkSync(join(path, "model.safetensors"))).toBe(`../../blobs/${sha256(weights)}`);
    expect(readFileSync(join(path, "model.safetensors")).equals(weights)).toBe(true);
    expect(readFileSync(join(folder, "refs/main"), "utf8")).toBe(tiny().commit);
    expect(names(join(folder, ".no_exist", tiny().commit))).toEqual([
      "chat_template.jinja",
      "tokenizer_config.json",
    ]);
  });

  it("is the shards that the index names", async () => {
    const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] as const;
    server.repositories.set(
      "org/shards",
      repositoryOf({
        ...small,
        "model.safetensors.index.json": index(...shards),
        [shards[0]]: "one",
        [shards[1]]: "two",
        "consolidated.safetensors": "the same again",
      }),
    );
    expect(names(await fetched("org/shards"))).toEqual(
      [...Object.keys(small), ...shards, "model.safetensors.index.json"].sort(),
    );
  });

  it("is the one GGUF file that is named, or the only one, with its parts", async () => {
    const parts = ["q8-00001-of-00002.gguf", "q8-00002-of-00002.gguf"] as const;
    server.repositories.set(
      "org/gguf",
      repositoryOf({ "q4.gguf": "4", [parts[0]]: "8", [parts[1]]: "9", "config.json": "{}" }),
    );
    const path = await fetched("org/gguf:q8-00002-of-00002.gguf");
    expect(readFileSync(path, "utf8")).toBe("8");
    expect(names(join(path, ".."))).toEqual([...parts]);
    await expect(fetched("org/gguf", { cache: join(cache, "other") })).rejects.toThrow(
      "org/gguf: expected one GGUF file, found 2. Try: one of org/gguf:q4.gguf, org/gguf:q8-00001-of-00002.gguf",
    );
    server.repositories.set("org/one", repositoryOf({ "one.gguf": "1" }));
    expect(readFileSync(await fetched("org/one"), "utf8")).toBe("1");
    await expect(fetched("org/gguf:q5.gguf")).rejects.toThrow("expected the file q5.gguf, found none");
  });

  it("is a folder of the repository where one is named", async () => {
    server.repositories.set(
      "org/deep",
      repositoryOf(
        Object.fromEntries(Object.entries(checkpoint).map(([name, bytes]) => [`it/${name}`, bytes])),
      ),
    );
    const path = await fetched("org/deep:it");
    expect(readlinkSync(join(path, "model.safetensors"))).toBe(`../../../blobs/${sha256(weights)}`);
    expect(readFileSync(join(path, "config.json"), "utf8")).toBe(small["config.json"]);
  });

  it("is never a pickle", async () => {
    server.repositories.set("org/old", repositoryOf({ ...small, "pytorch_model.bin": "a pickle" }));
    const advice = /pickles \(pytorch_model\.bin\), which can run code .* Try: .*org\/old@refs\/pr\/1/;
    await expect(fetched("org/old")).rejects.toThrow(advice);
    await expect(fetched("org/old:pytorch_model.bin")).rejects.toThrow(advice);
    expect(gets()).toEqual([]);
  });

  it("does not leave the cache, whatever the hub's names are", async () => {
    server.repositories.set(
      "org/evil",
      repositoryOf({ ...small, "model.safetensors.index.json": index("../../../evil.safetensors") }),
    );
    await expect(fetched("org/evil")).rejects.toThrow('found "../../../evil.safetensors"');
    server.repositories.set("org/evil", repositoryOf({ "../../evil.gguf": "evil" }));
    await expect(fetched("org/evil")).rejects.toThrow("found no files");
  });

  it("is an adapter's two files", async () => {
    const adapter = {
      "adapter_config.json": "{}",
      "adapter_model.safetensors": "a",
      "README.md": "not read",
    };
    server.repositories.set("org/lora", repositoryOf(adapter));
    expect(names(await fetched("org/lora", {}, chooseAdapter))).toEqual(Object.keys(adapter).slice(0, 2));
    const pickled = { "adapter_config.json": "{}", "adapter_model.bin": "a pickle" };
    server.repositories.set("org/old", repositoryOf(pickled));
    await expect(fetched("org/old", {}, chooseAdapter)).rejects.toThrow("found pickles (adapter_model.bin)");
    await expect(fetched("org/tiny", {}, chooseAdapter)).rejects.toThrow("found no adapter_config.json");
  });

  it("is the files of one SAE", async () => {
    server.repositories.set(
      "org/saes",
      repositoryOf({
        "layer_1/cfg.json": "{}",
        "layer_1/sae_weights.safetensors": "1",
        "layer_1/sparsity.safetensors": "s",
        "layer_2/width/a/params.npz": "2a",
        "layer_2/width/b/params.npz": "2b",
        "scope/hyperparams.json": "{}",
        "scope/checkpoints/final.safetensors": "3",
        "config.json": "{}",
        "layer0.sae.pt": "0",
        "layer1.sae.pt": "1",
      }),
    );
    const sae = async (path: string) => await fetched(`org/saes${path}`, {}, chooseSae);
    expect(names(await sae(":layer_1"))).toEqual([
      "cfg.json",
      "sae_weights.safetensors",
      "sparsity.safetensors",
    ]);
    expect(names(await sae(":scope"))).toEqual(["checkpoints/final.safetensors", "hyperparams.json"]);
    expect(names(await sae(":layer_2/width/b/"))).toEqual(["params.npz"]);
    const one = await sae(":layer1.sae.pt");
    expect(readFileSync(one, "utf8")).toBe("1");
    expect(existsSync(join(one, "../config.json"))).toBe(true);
    expect(existsSync(join(one, "../layer0.sae.pt"))).toBe(false);
    await expect(sae(":layer_2")).rejects.toThrow(
      "Try: one of org/saes:layer_2/width/a, org/saes:layer_2/width/b",
    );
    await expect(sae("")).rejects.toThrow("expected one weights file, found 2");
    await expect(sae(":nothing")).rejects.toThrow("found none there");
  });
});

describe("what is in the cache", () => {
  it("is not asked about again, by branch or by commit, online or offline", async () => {
    const path = await fetched("org/tiny");
    server.asked.length = 0;
    for (const offline of [false, true])
      for (const text of ["org/tiny", "org/tiny@main", `org/tiny@${tiny().commit}`])
        expect(await fetched(text, { offline })).toBe(path);
    expect(server.asked).toEqual([]);
  });

  it("stays at its commit when the branch moves on, and shares what did not change", async () => {
    const before = await fetched("org/tiny");
    const moved = repositoryOf({ ...checkpoint, "config.json": '{"moved": true}' });
    server.repositories.set("org/tiny", moved);
    expect(await fetched("org/tiny")).toBe(before);
    server.asked.length = 0;
    const after = await fetched(`org/tiny@${moved.commit}`);
    expect(readFileSync(join(after, "config.json"), "utf8")).toBe('{"moved": true}');
    expect(gets().map(({ path }) => path)).toEqual([`/org/tiny/resolve/${moved.commit}/config.json`]);
  });

  it("is completed where another program took only a part", async () => {
    const path = await fetched("org/tiny");
    rmSync(join(path, "generation_config.json"));
    rmSync(join(cache, "models--org--tiny/.no_exist"), { recursive: true });
    await fetched("org/tiny", { offline: true });
    const notes: string[] = [];
    const watcher = { note: (line: string) => notes.push(line) };
    await fetched("org/tiny", { endpoint: "http://127.0.0.1:9", watcher });
    expect(notes).toEqual([expect.stringContaining("is used as the cache holds it")]);
    expect(existsSync(join(path, "generation_config.json"))).toBe(false);
    await fetched("org/tiny");
    expect(existsSync(join(path, "generation_config.json"))).toBe(true);
    rmSync(join(path, "tokenizer.json"));
    await expect(fetched("org/tiny", { offline: true })).rejects.toThrow("found only a part of it");
    await fetched("org/tiny");
    expect(existsSync(join(path, "tokenizer.json"))).toBe(true);
  });

  it("is believed when Python's listing says that there is no more", async () => {
    await fetched("org/tiny");
    const folder = join(cache, "models--org--tiny");
    rmSync(join(folder, ".no_exist"), { recursive: true });
    mkdirSync(join(folder, "trees"));
    const listing = {
      format_version: 1,
      files: Object.fromEntries(Object.keys(checkpoint).map((f) => [f, {}])),
    };
    writeFileSync(join(folder, "trees", `${tiny().commit}.json`), JSON.stringify(listing));
    server.asked.length = 0;
    await fetched("org/tiny");
    expect(server.asked).toEqual([]);
  });

  it("is all there is offline", async () => {
    await expect(fetched("org/tiny", { offline: true })).rejects.toThrow(
      /org\/tiny: expected .* in the Hugging Face cache .*, found neither\. Try: without HF_HUB_OFFLINE/,
    );
    expect(server.asked).toEqual([]);
  });

  it("is linked hard where links cannot be symbolic", async () => {
    const path = await fetched("org/tiny", { symlinks: false });
    const file = lstatSync(join(path, "model.safetensors"));
    expect([file.isSymbolicLink(), file.nlink]).toEqual([false, 2]);
    expect(await fetched("org/tiny", { offline: true })).toBe(path);
  });

  it("is fetched again where a blob has another length than the hub says", async () => {
    const path = await fetched("org/tiny");
    const blob = join(cache, "models--org--tiny/blobs", sha256(weights));
    writeFileSync(blob, "cut");
    rmSync(join(path, "model.safetensors"));
    await fetched("org/tiny");
    expect(readFileSync(blob).equals(weights)).toBe(true);
  });
});

describe("Python's cache", () => {
  const root = join(import.meta.dirname, "../../test/fixtures");
  const tinyFolder = join(root, "engine/llama-gqa-bias");
  const python = JSON.parse(readFileSync(join(root, "hub/python-cache.json"), "utf8")) as {
    repo: string;
    commit: string;
    files: Record<string, { link?: string; sha256?: string; text?: string }>;
  };

  it("is what ours is, link for link and byte for byte", async () => {
    server.repositories.set(python.repo, repositoryOfFolder(tinyFolder));
    await fetched(python.repo);
    const listed = names(cache).map((name) => {
      const path = join(cache, name);
      if (lstatSync(path).isSymbolicLink()) return [name, { link: readlinkSync(path) }];
      const content = readFileSync(path);
      const text = content.length <= 64 ? { text: content.toString() } : {};
      return [name, { sha256: sha256(content), ...text }];
    });
    expect(Object.fromEntries(listed)).toEqual(python.files);
  });

  it("is found, by branch and by commit, and nobody is asked", async () => {
    const contents = new Map(
      readdirSync(tinyFolder)
        .map((name) => readFileSync(join(tinyFolder, name)))
        .map((bytes) => [sha256(bytes), bytes]),
    );
    for (const [name, { link, sha256: hash, text }] of Object.entries(python.files)) {
      mkdirSync(join(cache, name, ".."), { recursive: true });
      if (link === undefined) writeFileSync(join(cache, name), text ?? contents.get(hash!)!);
      else symlinkSync(link, join(cache, name));
    }
    const snapshot = join(cache, "models--org--tiny/snapshots", python.commit);
    for (const offline of [false, true])
      for (const revision of ["main", python.commit])
        expect(await fetched(`${python.repo}@${revision}`, { offline })).toBe(snapshot);
    expect(server.asked).toEqual([]);
  });
});

describe("a bad line", () => {
  it("that cuts is taken up where it was", async () => {
    spoil(1, cutAt(1_000_000));
    spoil(1, cutAt(2_000_000));
    const seen: number[] = [];
    const path = await fetched("org/tiny", { watcher: { fetching: (_, { done }) => seen.push(done) } });
    expect(readFileSync(join(path, "model.safetensors")).equals(weights)).toBe(true);
    const ranges = gets().flatMap(({ host, range }) => (host === "storage" ? [range] : []));
    expect(ranges).toHaveLength(3);
    expect(ranges[0]).toBe(null);
    for (const [i, most] of [1_000_000, 2_000_000].entries()) {
      const from = Number(/^bytes=(\d+)-$/.exec(ranges[i + 1]!)![1]);
      expect(from).toBeGreaterThan(0);
      expect(from).toBeLessThanOrEqual(most);
    }
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(weights.length + Object.values(small).join("").length);
  });

  it("that cuts for good is taken up by the next command", async () => {
    const forever: Fault = (asked, response, body) =>
      asked.host === "storage" && cutAt(1_000_000)(asked, response, body);
    server.faults.push(forever);
    await expect(fetched("org/tiny")).rejects.toThrow(/in 4 attempts, found .*what has arrived is kept/);
    const kept = readFileSync(partial());
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.equals(weights.subarray(0, kept.length))).toBe(true);
    expect(existsSync(join(cache, "models--org--tiny/refs/main"))).toBe(false);
    server.faults.length = 0;
    server.asked.length = 0;
    const begun: { done: number; resumed: number }[] = [];
    await fetched("org/tiny", { watcher: { fetching: (_, bytes) => begun.push(bytes) } });
    expect(begun[0]!.resumed).toBeGreaterThanOrEqual(kept.length);
    expect(
      gets()
        .map(({ range }) => range)
        .filter(Boolean),
    ).toContain(`bytes=${kept.length}-`);
    expect(existsSync(partial())).toBe(false);
  });

  it("that stalls is hung up on and taken up again", async () => {
    spoil(1, (_, response, body) => {
      response.writeHead(200, { "content-length": body.length });
      response.write(body.subarray(0, 500_000));
      return true;
    });
    const waits: string[] = [];
    const path = await fetched("org/tiny", { watcher: { waiting: (reason) => waits.push(reason) } });
    expect(readFileSync(join(path, "model.safetensors")).equals(weights)).toBe(true);
    expect(waits).toEqual(["nothing for 0.4 s"]);
  });

  it("that never answers is given up on", async () => {
    server.faults.push(() => true);
    await expect(fetched("org/tiny")).rejects.toThrow("in 4 attempts, found nothing for 0.4 s");
  });

  it("that ignores ranges starts over", async () => {
    spoil(1, cutAt(1_000_000));
    spoil(1, (_, response, body) => {
      response.writeHead(200, { "content-length": body.length }).end(body);
      return true;
    });
    const path = await fetched("org/tiny");
    expect(readFileSync(join(path, "model.safetensors")).equals(weights)).toBe(true);
  });

  it("that ignores ranges and always cuts is given up on", async () => {
    spoil(Infinity, (asked, response, body) => cutAt(1_000_000)({ ...asked, range: null }, response, body));
    await expect(fetched("org/tiny")).rejects.toThrow("in 4 attempts");
  });

  it("that changes bytes is found out: once is repaired, twice is said", async () => {
    const corrupt: Fault = (_, response, body) => {
      const bytes = Buffer.from(body);
      bytes[1_500_000]! ^= 1;
      response.writeHead(200, { "content-length": body.length }).end(bytes);
      return true;
    };
    spoil(2, corrupt);
    await expect(fetched("org/tiny")).rejects.toThrow(
      `org/tiny model.safetensors: expected bytes of hash ${sha256(weights)}, found others, 2 times`,
    );
    expect(names(join(cache, "models--org--tiny/blobs"))).not.toContain(sha256(weights));
    spoil(1, corrupt);
    const path = await fetched("org/tiny");
    expect(readFileSync(join(path, "model.safetensors")).equals(weights)).toBe(true);
  });

  it("that changes a small file is found out by git's hash", async () => {
    server.faults.push(({ method, path }, response, body) => {
      if (method !== "GET" || !path.endsWith("/config.json")) return false;
      response.writeHead(200, { "content-length": body.length }).end(Buffer.from(body).fill(32));
      return true;
    });
    await expect(fetched("org/tiny")).rejects.toThrow(
      /org\/tiny config\.json: expected bytes of hash [0-9a-f]{40},/,
    );
  });

  it("that sends too much is stopped", async () => {
    spoil(Infinity, (_, response, body) => {
      response.writeHead(200).end(Buffer.concat([body, body]));
      return true;
    });
    await expect(fetched("org/tiny")).rejects.toThrow(
      `sends more than the ${weights.length} bytes of the file`,
    );
  });

  it("whose leftover belongs to nobody is used, and a longer one is not", async () => {
    mkdirSync(join(cache, "models--org--tiny/blobs"), { recursive: true });
    for (const [left, range] of [
      [weights.subarray(0, 7), "bytes=7-"],
      [Buffer.alloc(weights.length + 1), null],
    ] as const) {
      rmSync(join(cache, "models--org--tiny/blobs", sha256(weights)), { force: true });
      rmSync(join(cache, "models--org--tiny/snapshots"), { recursive: true, force: true });
      writeFileSync(partial(), left);
      server.asked.length = 0;
      await fetched("org/tiny");
      expect(gets().find(({ host }) => host === "storage")!.range).toBe(range);
    }
  });
});

describe("a rate limit", () => {
  const limited =
    (headers: Record<string, string>): Fault =>
    (_, response) => {
      response.writeHead(429, headers).end();
      return true;
    };
  const waitsOf = async () => {
    const waits: number[] = [];
    await fetched("org/tiny", { watcher: { waiting: (_, milliseconds) => waits.push(milliseconds) } });
    return waits;
  };

  it("is waited for as long as it asks", async () => {
    spoil(1, limited({ "retry-after": "1" }));
    expect(await waitsOf()).toEqual([1000]);
  });

  it("is read from the hub's own header too, and backs off without any", async () => {
    spoil(1, limited({ ratelimit: '"api";r=0;t=1' }));
    spoil(2, limited({}));
    expect(await waitsOf()).toEqual([1000, 10, 20]);
  });

  it("that asks for hours is said", async () => {
    spoil(1, limited({ "retry-after": "7200" }));
    await expect(fetched("org/tiny")).rejects.toThrow(
      "found rate limit (HTTP 429), asked to wait 7200 s. Try: the same command then; with HF_TOKEN",
    );
  });
});

describe("a refusal says what to do", () => {
  const repository = (about: Partial<Repository>) => {
    server.repositories.set("org/closed", repositoryOf(checkpoint, about));
  };

  it.each([
    [
      "no such repository",
      "org/none",
      null,
      /neither, or a private repository that needs a token\. Try: check the name/,
    ],
    ["no such repository, with a token", "org/none", "hf_me", /that this token may not read/],
    ["no such revision", "org/tiny@v9", null, /expected a branch, tag or commit of it, found "v9"/],
    [
      "a token that is none",
      "org/tiny",
      "hf_BAD",
      /expected a token that the hub knows, found one that it refuses/,
    ],
  ])("%s", async (_, text, token, message) => {
    await expect(fetched(text, { token })).rejects.toThrow(message);
    expect(server.asked).toHaveLength(1);
  });

  it("a gated repository", async () => {
    repository({ gated: true, token: "hf_friend" });
    await expect(fetched("org/closed")).rejects.toThrow(
      `found no token. Try: accept its conditions at ${server.endpoint}/org/closed, then set HF_TOKEN`,
    );
    await expect(fetched("org/closed", { token: "hf_stranger" })).rejects.toThrow(
      "found a token whose account has no access. Try: accept its conditions",
    );
    await fetched("org/closed", { token: "hf_friend" });
  });

  it("a private repository", async () => {
    repository({ token: "hf_friend" });
    await expect(fetched("org/closed")).rejects.toThrow("needs a token");
    await fetched("org/closed", { token: "hf_friend" });
  });

  it("a checkpoint without a tokenizer, before its weights are fetched", async () => {
    const { "tokenizer.json": _, ...rest } = checkpoint;
    server.repositories.set("org/half", repositoryOf(rest));
    await expect(fetched("org/half")).rejects.toThrow(
      "org/half: expected the file tokenizer.json, found none",
    );
    expect(gets()).toEqual([]);
  });

  it("something that is no hub", async () => {
    server.faults.push((_, response) => {
      response.writeHead(200).end("<html>Please log in to the network</html>");
      return true;
    });
    await expect(fetched("org/tiny")).rejects.toThrow("found something else. Try: check HF_ENDPOINT");
  });
});

it("the token goes to the hub and to nobody else", async () => {
  await fetched("org/tiny", { token: "hf_me" });
  const sent = (host: string) =>
    new Set(server.asked.filter((asked) => asked.host === host).map(({ authorization }) => authorization));
  expect(sent("hub")).toEqual(new Set(["Bearer hf_me"]));
  expect(sent("storage")).toEqual(new Set([null]));
});

it("no message holds the token or a signed address", async () => {
  server.faults.push(({ host }, response) => {
    if (host === "storage") response.destroy();
    return host === "storage";
  });
  const messages: string[] = [];
  const watcher = { waiting: (reason: string) => messages.push(reason) };
  await fetched("org/tiny", { token: "hf_secret", watcher }).catch((error: unknown) =>
    messages.push(String(error)),
  );
  expect(messages).toHaveLength(4);
  for (const message of messages) expect(message).not.toMatch(/hf_secret|signature/);
});

describe("two at once", () => {
  it("fetch the bytes once", async () => {
    spoil(1, (_, response, body) => {
      response.writeHead(200, { "content-length": body.length });
      response.write(body.subarray(0, 1000));
      setTimeout(() => response.end(body.subarray(1000)), 100);
      return true;
    });
    const paths = await Promise.all([fetched("org/tiny"), fetched("org/tiny")]);
    expect(new Set(paths).size).toBe(1);
    expect(gets().filter(({ host }) => host === "storage")).toHaveLength(1);
    expect(names(join(cache, ".locks"))).toEqual([]);
  });

  it("do not wait for one that was killed", async () => {
    const { locks } = new CachedRepository(hub(), "org/tiny");
    mkdirSync(locks, { recursive: true });
    const lock = join(locks, `${sha256(weights)}.fathom.lock`);
    writeFileSync(lock, JSON.stringify({ host: "elsewhere", pid: 1 }));
    const waits: string[] = [];
    await fetched("org/tiny", { watcher: { waiting: (reason) => waits.push(reason) } });
    expect(new Set(waits)).toEqual(new Set(["another process is fetching model.safetensors"]));
    rmSync(cache, { recursive: true });
    mkdirSync(locks, { recursive: true });
    writeFileSync(lock, "");
    utimesSync(lock, 0, 0);
    waits.length = 0;
    await fetched("org/tiny", { watcher: { waiting: (reason) => waits.push(reason) } });
    expect(waits).toEqual([]);
  });
});

describe("references", () => {
  it.each([
    ["org/name", { repo: "org/name", revision: "main", path: null }],
    ["org/name@refs/pr/1", { repo: "org/name", revision: "refs/pr/1", path: null }],
    ["org/name:q/m.gguf", { repo: "org/name", revision: "main", path: "q/m.gguf" }],
    ["org/name@v1.0:m.gguf", { repo: "org/name", revision: "v1.0", path: "m.gguf" }],
  ])("%s", (text, reference) => {
    expect(parseReference(text)).toEqual(reference);
  });

  it.each([
    ...[
      "model",
      "./org/name",
      "../org/name",
      "/org/name",
      "org/name/",
      "org/name/more",
      "org/name.gguf",
      "C:\\org",
    ],
    ...[
      "org//name",
      "org/na--me",
      "org/name:../x",
      "org/name:/x",
      "org/name@../x",
      "org/name@",
      "org/name:",
      "~/org",
    ],
    ...[`org/${"n".repeat(100)}`, "org/na me", "org/name:a\\b"],
  ])("%j is none", (text) => {
    expect(parseReference(text)).toBe(null);
  });
});

describe("the environment", () => {
  const from = (environment: Record<string, string>) => hubOf({}, { HF_HOME: "/none", ...environment });

  it("says where, who and whether", () => {
    expect(from({})).toMatchObject({
      endpoint: "https://huggingface.co",
      token: null,
      offline: false,
      cache: "/none/hub",
      symlinks: true,
    });
    expect(
      from({ HF_ENDPOINT: "http://mirror/hf/", HF_HUB_OFFLINE: "1", HF_HUB_DOWNLOAD_TIMEOUT: "3" }),
    ).toMatchObject({
      endpoint: "http://mirror/hf",
      offline: true,
      patience: { stall: 3000 },
    });
    expect(from({ HF_HUB_OFFLINE: "0", TRANSFORMERS_OFFLINE: "1" }).offline).toBe(false);
    expect(from({ TRANSFORMERS_OFFLINE: "yes" }).offline).toBe(true);
    expect(from({ BASE: "/b", HF_HUB_CACHE: "$BASE/c" }).cache).toBe("/b/c");
  });

  it("holds the token, or names the file that does", () => {
    writeFileSync(join(cache, "token"), "hf_file\n");
    expect(hubOf({}, { HF_HOME: cache }).token).toBe("hf_file");
    expect(hubOf({}, { HF_HOME: cache, HF_TOKEN: " hf_variable\n" }).token).toBe("hf_variable");
    expect(hubOf({}, { HF_HOME: cache, HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" }).token).toBe(null);
  });

  it("is refused where it cannot be meant", () => {
    for (const endpoint of ["huggingface.co", "ftp://hub", "https://me:secret@hub"])
      expect(() => from({ HF_ENDPOINT: endpoint })).toThrow(/^HF_ENDPOINT: expected an address/);
    expect(() => from({ HF_ENDPOINT: "https://me:secret@hub" })).not.toThrow("secret");
    expect(() => from({ HF_HUB_DOWNLOAD_TIMEOUT: "soon" })).toThrow("seconds above 0");
    const secret = `hf_${createHash("md5").digest("hex")}`;
    expect(() => from({ HF_TOKEN: `${secret}\n${secret}` })).toThrow(/^HF_TOKEN: expected a token/);
    expect(() => from({ HF_TOKEN: `${secret}\n${secret}` })).not.toThrow(secret);
  });
});
