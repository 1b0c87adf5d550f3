/** The files of this repository that are damaged, and their use: opening the checkpoint or SAE and reading all of it. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Checkpoint, endsOf, openCheckpoint, textOf } from "../../../src/model/checkpoint/checkpoint.ts";
import { openSae } from "../../../src/sae/formats/open-sae.ts";
import { inspect } from "../../../src/sae/measure/inspect.ts";
import { type Mutator, mutateBytes } from "./mutate-bytes.ts";
import { mutateGguf, mutateSafetensors, mutateZip } from "./mutate-formats.ts";
import { mutateJson } from "./mutate-json.ts";

const fixtures = fileURLToPath(new URL("../../fixtures/", import.meta.url));

interface Kind {
  name: string;
  /** Path below test/fixtures. */
  folder: string;
  file: string;
  /** The model, if the folder holds an adapter. */
  base?: string;
  mutate: Mutator;
}

const engine = (fixture: string, file: string, mutate: Mutator): Kind => ({
  name: `${fixture}/${file}`,
  folder: `engine/${fixture}`,
  file,
  mutate,
});

const adapter = (fixture: string, base: string, file: string, mutate: Mutator): Kind => ({
  name: `adapters/${fixture}/${file}`,
  folder: `adapters/${fixture}`,
  file,
  base: `engine/${base}`,
  mutate,
});

/** @param fixture of test/fixtures/sae or test/fixtures/sae-formats */
const sae = (fixture: string, file: string, mutate: Mutator): Kind => ({
  name: `${fixture}/${file}`,
  folder: fixture,
  file,
  mutate,
});
const gemmaScope = "gemma-scope-2b-pt-res/layer_1/width_16k/average_l0_12/params.npz";
const qwenScope = "SAE-Res-Qwen3-1.7B-Base-W32K-L0_6/layer1.sae.pt";

export const kinds: readonly Kind[] = [
  engine("llama-mha-tied", "model.safetensors", mutateSafetensors),
  engine("llama-mqa-llama3-bf16", "config.json", mutateJson),
  engine("llama-v4-linear-fp16", "config.json", mutateJson),
  engine("gemma2-v4-sharded", "config.json", mutateJson),
  engine("gemma2-window", "config.json", mutateJson),
  engine("gemma2-v4-sharded", "model.safetensors.index.json", mutateJson),
  engine("llama-gqa-bias", "tokenizer.json", mutateJson),
  engine("gemma2-window", "tokenizer.json", mutateJson),
  engine("gemma2-window", "tokenizer_config.json", mutateJson),
  engine("gemma2-window", "generation_config.json", mutateJson),
  engine("llama-gqa-bias", "chat_template.jinja", mutateBytes),
  { name: "gguf", folder: "gguf", file: "tiny.gguf", mutate: mutateGguf },
  adapter("all-linear", "llama-gqa-bias", "adapter_config.json", mutateJson),
  adapter("saved-modules", "gemma2-window", "adapter_config.json", mutateJson),
  adapter("head-branch", "llama-mqa-llama3-bf16", "adapter_model.safetensors", mutateSafetensors),
  sae("sae/jumprelu", "cfg.json", mutateJson),
  sae("sae/old-topk", "cfg.json", mutateJson),
  sae("sae/gated", "sae_weights.safetensors", mutateSafetensors),
  sae("sae-formats/gemma-scope", gemmaScope, mutateZip),
  sae("sae-formats/gemma-scope-2", "sae/config.json", mutateJson),
  sae("sae-formats/llama-scope", "sae/hyperparams.json", mutateJson),
  sae("sae-formats/llama-scope-r1", "sae/config.json", mutateJson),
  sae("sae-formats/llama-scope-r1", "sae/sae_weights.safetensors", mutateSafetensors),
  sae("sae-formats/qwen-scope", qwenScope, mutateZip),
  sae("sae-formats/sparsify", "layers.1/cfg.json", mutateJson),
  sae("sae-formats/dictionary-gated", "trainer_0/config.json", mutateJson),
  sae("sae-formats/dictionary-batchtopk", "trainer_0/ae.pt", mutateZip),
  sae("sae-formats/topk-pt-linear", "domain.pt", mutateZip),
];

export interface Subject {
  name: string;
  original: Buffer;
  mutate: Mutator;
  /** @throws the errors of opening and reading */
  use(bytes: Buffer): Promise<void>;
}

/** Copies the files that a kind needs into a folder of its own below `scratch`. */
export function prepare({ name, folder, file, base, mutate }: Kind, scratch: string): Subject {
  const home = join(scratch, name.replaceAll("/", "-"));
  cpSync(join(fixtures, folder), home, { recursive: true });
  const path = join(home, file);
  const model = base === undefined ? (file.endsWith(".gguf") ? path : home) : join(fixtures, base);
  return {
    name,
    original: readFileSync(path),
    mutate,
    async use(bytes) {
      writeFileSync(path, bytes);
      if (folder.startsWith("sae")) {
        // Reads every weight.
        inspect(openSae(dirname(path)));
        return;
      }
      const checkpoint = await openCheckpoint(model, base === undefined ? null : home);
      try {
        readAll(checkpoint);
      } finally {
        checkpoint.weights.close();
      }
    },
  };
}

function readAll(checkpoint: Checkpoint): void {
  const { weights } = checkpoint;
  const { tokenizer, template } = textOf(checkpoint);
  endsOf(checkpoint);
  for (const name of weights.names()) weights.read(name);
  const ids = tokenizer.encode("Hello, wörld! 123  \n", { addSpecial: true });
  tokenizer.decode(ids, { skipSpecial: true });
  template?.encode([{ role: "user", content: "Hello" }], { addGenerationPrompt: true });
}
