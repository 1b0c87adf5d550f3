/** The cache: its content is not requested again. Python or another process may have filled it. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repositoryOf, repositoryOfFolder, sha256 } from "../../test/support/hub-server.ts";
import {
  cache,
  checkpoint,
  fetched,
  gets,
  hub,
  names,
  server,
  spoil,
  tiny,
  weights,
} from "../../test/support/hub-world.ts";
import { CachedRepository } from "./cache.ts";

describe("content of the cache", () => {
  it("is not requested again, by branch or by commit, online or offline", async () => {
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

  it("is completed if another program fetched only a part", async () => {
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

  it("is complete if Python's listing says so", async () => {
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

  it("is linked by hard links if symbolic links are not possible", async () => {
    const path = await fetched("org/tiny", { symlinks: false });
    const file = lstatSync(join(path, "model.safetensors"));
    expect([file.isSymbolicLink(), file.nlink]).toEqual([false, 2]);
    expect(await fetched("org/tiny", { offline: true })).toBe(path);
  });

  it("is fetched again if a blob does not have the length that the hub states", async () => {
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
    // The lock counts for 2 s: time enough for the first look on a busy machine.
    const patience = { ...hub().patience, heartbeat: 250 };
    const waits: string[] = [];
    await fetched("org/tiny", { patience, watcher: { waiting: (reason) => waits.push(reason) } });
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
