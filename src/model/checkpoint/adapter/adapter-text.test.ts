/** The tokenizer and the chat template beside an adapter. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSafetensors } from "../../../files/tensors/safetensors.ts";
import { type TensorToWrite, writeSafetensors } from "../../../files/tensors/safetensors-writer.ts";
import { openCheckpoint, textOf } from "../checkpoint.ts";

const fixtures = join(import.meta.dirname, "../../../../test/fixtures");
const { base } = JSON.parse(readFileSync(join(fixtures, "adapters/all-linear/reference.json"), "utf8")) as {
  base: string;
};
const model = join(fixtures, "engine", base);
const question = [{ role: "user" as const, content: "How does soap lift grease?" }];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fathom-adapter-text-"));
  cpSync(join(fixtures, "adapters/all-linear"), folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const json = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
const put = (name: string, content: unknown) =>
  writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));

async function opened() {
  const checkpoint = await openCheckpoint(model, folder);
  checkpoint.weights.close();
  const { identity, ...text } = textOf(checkpoint);
  return { ...text, identity, notes: checkpoint.notes, config: checkpoint.config };
}

test("files with the same content as the base's change nothing", async () => {
  const alone = await opened();
  const tokenizer = json(join(model, "tokenizer.json"));
  const parts = tokenizer["model"] as { merges: (string | string[])[] };
  const spelled = parts.merges.map((merge) =>
    typeof merge === "string" ? merge.split(" ") : merge.join(" "),
  );
  put("tokenizer.json", {
    ...tokenizer,
    padding: null,
    model: { ...parts, merges: spelled, byte_fallback: false },
  });
  put("tokenizer_config.json", {
    ...json(join(model, "tokenizer_config.json")),
    is_local: true,
    chat_template: null,
  });
  put("chat_template.jinja", alone.template!.source);
  const again = await opened();
  expect(again.notes).toEqual(alone.notes);
  expect(again.identity).toEqual(alone.identity);
});

test("an adapter's own template is used, recorded and noted; the tokenizer stays the base's", async () => {
  const alone = await opened();
  put("chat_template.jinja", "{% for m in messages %}{{ m.content }}!{% endfor %}");
  const own = await opened();
  expect(own.template!.render(question, { addGenerationPrompt: true })).toBe("How does soap lift grease?!");
  expect(own.notes).toEqual([
    ...alone.notes,
    "The chat template is the one that lies beside the adapter, which is not the base's.",
  ]);
  expect(own.identity).toEqual({ ...alone.identity, template: own.identity.template });
  expect(own.identity.template).not.toBe(alone.identity.template);
  rmSync(join(folder, "chat_template.jinja"));
  put("tokenizer_config.json", {
    ...json(join(model, "tokenizer_config.json")),
    chat_template: "{{ messages }}",
  });
  expect((await opened()).template!.source).toBe("{{ messages }}");
});

test("an adapter's own tokenizer is used, with the base's template when the adapter has none", async () => {
  const alone = await opened();
  const tokenizer = json(join(model, "tokenizer.json"));
  put("tokenizer.json", { ...tokenizer, pre_tokenizer: { type: "ByteLevel", add_prefix_space: true } });
  const own = await opened();
  expect(own.tokenizer.encode("a", { addSpecial: false })).not.toEqual(
    alone.tokenizer.encode("a", { addSpecial: false }),
  );
  expect(own.notes).toHaveLength(alone.notes.length + 2);
  expect(own.identity.tokenizer).not.toBe(alone.identity.tokenizer);
  expect(own.template!.source).toBe(alone.template!.source);
});

test("a template that writes a token beyond the embedding is refused as a resized vocabulary", async () => {
  const tokenizer = json(join(model, "tokenizer.json"));
  const { vocab } = tokenizer["model"] as { vocab: Record<string, number> };
  const { config } = await opened();
  const size = Object.keys(vocab).length;
  const more = Array.from({ length: config.vocabSize - size + 1 }, (_, i) => ({
    id: size + i,
    content: `<|more${i}|>`,
    special: true,
  }));
  put("tokenizer.json", {
    ...tokenizer,
    added_tokens: [...(tokenizer["added_tokens"] as object[]), ...more],
  });
  put("chat_template.jinja", `${more.at(-1)!.content}{{ messages[0].content }}`);
  await expect(opened()).rejects.toThrow(/found the token \d+: the vocabulary was resized.*merge_and_unload/);
});

test("an embedding or a head with more rows is refused as a resized vocabulary", async () => {
  const file = join(folder, "adapter_model.safetensors");
  const { config } = await opened();
  const source = openSafetensors(file);
  const tensors = [...source.entries].map(
    ([name, { shape }]): TensorToWrite => ({ name, dtype: "F32", shape, values: source.readFloat32(name) }),
  );
  source.close();
  const rows = config.vocabSize + 2;
  for (const name of ["model.embed_tokens", "lm_head"]) {
    const grown: TensorToWrite = {
      name: `base_model.model.${name}.weight`,
      dtype: "F32",
      shape: [rows, config.hiddenSize],
      values: new Float32Array(rows * config.hiddenSize),
    };
    writeSafetensors(file, [...tensors, grown]);
    await expect(opened()).rejects.toThrow(
      new RegExp(`found ${rows} rows: the vocabulary was resized.*merge_and_unload`),
    );
  }
});
