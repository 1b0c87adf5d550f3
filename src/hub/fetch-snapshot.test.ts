/** Which files of a repository are fetched, and how they are stored in the cache. */
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { repositoryOf, sha256 } from "../../test/support/hub-server.ts";
import {
  cache,
  checkpoint,
  fetched,
  gets,
  index,
  names,
  server,
  small,
  tiny,
  weights,
} from "../../test/support/hub-world.ts";
import { chooseAdapter } from "./choose-adapter.ts";
import { chooseSae } from "./choose-sae.ts";

describe("what is fetched", () => {
  it("is the checkpoint's files and no others, in Python's layout", async () => {
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
      "added_tokens.json",
      "chat_template.jinja",
      "special_tokens_map.json",
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

  it("is the single file if there are shards, too, and the index that names the shards", async () => {
    server.repositories.set(
      "org/both",
      repositoryOf({
        ...small,
        "model.safetensors": "the whole",
        "model.safetensors.index.json": index("model-00001-of-00001.safetensors"),
        "model-00001-of-00001.safetensors": "an older one",
      }),
    );
    expect(names(await fetched("org/both"))).toEqual(
      [...Object.keys(small), "model.safetensors", "model.safetensors.index.json"].sort(),
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

  it("is a folder of the repository if one is named", async () => {
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

  it("never leaves the cache, whatever names the hub sends", async () => {
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
