/** Any bad input ends in one line that says where, what was expected and what was found, and leaves no files behind. */
import { appendFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { copyOf, fathom, fixture, jsonLinesFile, lines, namesIn, scratch, tinyModel } from "./fathom.ts";

const folder = scratch();
const good = jsonLinesFile(folder, "good.jsonl", [{ id: "a", prompt: "What does the plant need?" }]);
const outputs = join(folder, "out");

/** Runs a command that must fail: with this exit code, one line that holds `message`, and no output. */
function refused(args: readonly string[], code: 1 | 2, ...message: readonly string[]): void {
  const ended = fathom(args);
  for (const part of message) expect(ended.stderr).toContain(part);
  expect(lines(ended.stderr)).toHaveLength(1);
  expect(ended.stderr).toMatch(/^fathom: /);
  expect(ended.stderr).not.toContain("bug");
  expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: "" });
  expect(namesIn(outputs)).toEqual([]);
}

const capture = (model: string, prompts = good, ...more: string[]) => [
  "capture",
  ...[
    "--model",
    model,
    "--prompts",
    prompts,
    "--layers",
    "0",
    "--out",
    join(outputs, "a.safetensors"),
    ...more,
  ],
];
const generate = (model: string, prompts = good, ...more: string[]) => [
  "generate",
  ...[
    "--model",
    model,
    "--prompts",
    prompts,
    "--max-new-tokens",
    "2",
    "--out",
    join(outputs, "g.jsonl"),
    ...more,
  ],
];
const audit = (model: string, ...more: string[]) => [
  "audit",
  ...[
    "--model",
    model,
    "--prompts",
    "biology",
    "--limit",
    "3",
    "--caps",
    "4",
    "--out",
    join(outputs, "run"),
    ...more,
  ],
];

/** A checkpoint spoiled in one way, then each command that reads one. */
function spoiled(
  name: string,
  checkpoint: string,
  spoil: (path: string) => void,
  ...message: string[]
): void {
  const path = copyOf(checkpoint, folder, name);
  spoil(path);
  for (const command of [capture, generate, audit]) refused(command(path), 2, path, ...message);
}

const edited = (file: string, change: (json: Record<string, unknown>) => void) => (path: string) => {
  const json = JSON.parse(readFileSync(join(path, file), "utf8")) as Record<string, unknown>;
  change(json);
  writeFileSync(join(path, file), JSON.stringify(json));
};
const without = (file: string) => (path: string) => {
  rmSync(join(path, file));
};

describe("checkpoints", () => {
  test("a path without a checkpoint", () => {
    refused(capture(join(folder, "nowhere")), 2, "nowhere: expected a Hugging Face checkpoint directory");
  });
  test("a name of the hub without its organization", () => {
    refused(
      generate("gpt2"),
      2,
      "gpt2: expected something at this path, or a repository",
      "openai-community/gpt2",
    );
  });
  test("a weight that is NaN: the audit ends before it begins", () => {
    const overwrite = (path: string) => {
      const file = join(path, "model.safetensors");
      const bytes = readFileSync(file);
      // The last number of the last tensor, in any float format: all bits of the exponent are 1.
      bytes.set([0xff, 0x7f], bytes.length - 2);
      writeFileSync(file, bytes);
    };
    spoiled("nan", "llama-gqa-bias", overwrite, "expected finite numbers, found NaN at [");
  });
  test("a token that the template writes and the model does not have; a dry run says so too", () => {
    const path = copyOf("llama-gqa-bias", folder, "embedded");
    // The 320 of the vocabulary, the embedding's padding rows, and one more.
    const flags = { special: true, lstrip: false, rstrip: false, normalized: false, single_word: false };
    const more = Array.from({ length: 17 }, (_, i) => ({
      id: 320 + i,
      content: i < 16 ? `<|${i}|>` : "<|q|>",
      ...flags,
    }));
    edited("tokenizer.json", (json) => (json["added_tokens"] as object[]).push(...more))(path);
    writeFileSync(join(path, "chat_template.jinja"), "{{ messages[0].content }}<|q|>");
    const message = ["token ids from 0 to 335", '336, which is "<|q|>"'];
    refused(generate(path, good, "--chat"), 2, ...message);
    refused(audit(path, "--templates", "chat"), 2, ...message);
    refused(audit(path, "--templates", "chat", "--dry-run"), 2, ...message);
  });
  test("a missing shard", () => {
    const shard = "model-00002-of-00002.safetensors";
    spoiled("shard", "gemma2-v4-sharded", without(shard), shard);
  });
  test("a truncated shard", () => {
    spoiled(
      "cut",
      "llama-gqa-bias",
      (path) => truncateSync(join(path, "model.safetensors"), 90_000),
      "model.safetensors",
    );
  });
  test("a tensor of another shape than the config says", () => {
    spoiled(
      "shape",
      "llama-gqa-bias",
      edited("config.json", (json) => (json["intermediate_size"] = 44)),
      "44",
    );
  });
  test("an unknown architecture", () => {
    const change = edited("config.json", (json) => {
      json["architectures"] = ["MambaForCausalLM"];
      json["model_type"] = "mamba";
    });
    spoiled("architecture", "llama-gqa-bias", change, "Mamba");
  });
  test("a config setting that is not supported", () => {
    spoiled(
      "setting",
      "llama-gqa-bias",
      edited("config.json", (json) => (json["hidden_act"] = "relu6")),
      "hidden_act",
      "relu6",
    );
  });
  test("an unknown config key", () => {
    spoiled(
      "key",
      "llama-gqa-bias",
      edited("config.json", (json) => (json["qk_norm_kind"] = "l2")),
      "qk_norm_kind",
    );
  });
  test("no tokenizer", () => {
    spoiled("tokenizer", "llama-gqa-bias", without("tokenizer.json"), "tokenizer.json");
  });
  test("no chat template, where one is asked for", () => {
    const path = copyOf("llama-gqa-bias", folder, "template");
    rmSync(join(path, "chat_template.jinja"));
    refused(audit(path), 2, path, "expected a chat template, found none", "--templates none");
    refused(generate(path, good, "--chat"), 2, path, "expected a chat template, found none");
    // Bare text does not need a template.
    expect(fathom(["generate", "--model", path, "--prompts", good, "--max-new-tokens", "2"]).code).toBe(0);
  });
});

describe("prompts", () => {
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  test("a line that is not JSON, by its number", () => {
    const path = file("broken.jsonl", '{"id":"a","prompt":"x"}\n\n{"id":"b",\n');
    refused(capture(tinyModel, path), 2, `${path}:3`);
    refused(["audit", "--model", tinyModel, "--prompts", path, "--out", join(outputs, "run")], 2, `${path}:`);
  });
  test("an id twice", () => {
    const path = file("twice.jsonl", '{"id":"a","prompt":"x"}\n{"id":"a","prompt":"y"}\n');
    refused(generate(tinyModel, path), 2, `${path}:2: id`);
  });
  test("none of prompt, ids, messages", () => {
    refused(
      generate(tinyModel, file("none.jsonl", '{"id":"a"}\n')),
      2,
      "expected one of prompt, ids, messages",
    );
  });
  test("an id that the vocabulary lacks", () => {
    const path = jsonLinesFile(folder, "vocabulary.jsonl", [{ id: "a", ids: [1, 400] }]);
    refused(capture(tinyModel, path), 2, 'prompt "a"', "found 400");
  });
  test("longer than the context", () => {
    const long = jsonLinesFile(folder, "long.jsonl", [
      { id: "a", ids: Array.from({ length: 257 }, () => 5) },
    ]);
    refused(capture(tinyModel, long), 2, 'prompt "a"', "at most 256 tokens", "found 257");
    refused(generate(tinyModel, long), 2, 'prompt "a"', "at most 255 tokens", "found 257");
    const set = jsonLinesFile(folder, "set.jsonl", [
      { id: "p", prompt: "word ".repeat(300), tier: "benign" },
    ]);
    refused(
      ["audit", "--model", tinyModel, "--prompts", set, "--out", join(outputs, "run")],
      2,
      "prompt p",
      "256 tokens",
    );
  });
});

describe("outputs", () => {
  test.skipIf(!existsSync("/proc/self"))("a place that cannot be written", () => {
    // Nobody can make files in /proc, root included.
    for (const args of [
      [
        "capture",
        "--model",
        tinyModel,
        "--prompts",
        good,
        "--layers",
        "0",
        "--out",
        "/proc/none/a.safetensors",
      ],
      [
        "generate",
        "--model",
        tinyModel,
        "--prompts",
        good,
        "--max-new-tokens",
        "2",
        "--out",
        "/proc/none/g.jsonl",
      ],
      ["audit", "--model", tinyModel, "--prompts", "biology", "--out", "/proc/none"],
      ["rescore", fixture("rescore/biorefusalaudit-records.json"), "--out", "/proc/none/r.json"],
    ])
      refused(args, 2, "/proc/none", "expected a place that can be written");
  });
  test("a folder where a file belongs, and a file where a folder belongs", () => {
    refused(
      ["generate", "--model", tinyModel, "--prompts", good, "--max-new-tokens", "2", "--out", folder],
      2,
      "a directory",
    );
    refused(
      ["audit", "--model", tinyModel, "--prompts", "biology", "--out", join(good, "run")],
      2,
      "a place that can be written",
    );
  });
  test("a folder that holds something else", () => {
    refused(
      ["audit", "--model", tinyModel, "--prompts", "biology", "--out", folder],
      2,
      "expected a new or empty folder",
    );
  });
  test.skipIf(!existsSync("/dev/full"))("a full disk", () => {
    const full = "/dev/full";
    refused(
      ["generate", "--model", tinyModel, "--prompts", good, "--max-new-tokens", "2", "--out", full],
      1,
      "ENOSPC",
    );
    refused(
      ["capture", "--model", tinyModel, "--prompts", good, "--layers", "0", "--out", full],
      1,
      "expected a regular file",
    );
  });
});

describe("SAEs and records", () => {
  test("an SAE of another width", () => {
    refused(audit(tinyModel, "--sae", fixture("sae/topk")), 2, "sae/topk", "16", "32");
  });
  test("no SAE at the path", () => {
    refused(audit(tinyModel, "--sae", join(folder, "none")), 2, "nothing at this path");
    refused(["sae", "inspect", "--sae", join(folder, "none")], 2, "nothing at this path");
  });
  test("activations of another width", () => {
    const out = join(folder, "acts.safetensors");
    const sae = ["--sae", fixture("sae/topk"), "--out", join(outputs, "z.safetensors")];
    fathom(["capture", "--model", tinyModel, "--prompts", good, "--layers", "0", "--out", out]);
    refused(["sae", "encode", ...sae, "--activations", out], 2, 'expected a tensor "activations"');
  });
  test("records of another shape", () => {
    const path = join(folder, "records.json");
    writeFileSync(path, "[]");
    refused(["rescore", path], 2, path);
    appendFileSync(path, "]");
    refused(["rescore", path], 2, path, "expected JSON");
  });
  test("a folder that is not a run", () => {
    refused(["report", folder], 2, "expected a run directory with a manifest.json, found none");
  });
});
