/** Fixtures of SAE files, unchanged and with a changed configuration. */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const fixtures = join(import.meta.dirname, "../fixtures/");
export const saelensFixtures = `${fixtures}sae/`;
export const formatFixtures = `${fixtures}sae-formats/`;

export interface FormatCase {
  name: string;
  format: string;
  /** Path below `formatFixtures`. */
  path: string;
  modelName: string | null;
}
export const { cases: formatCases } = JSON.parse(readFileSync(`${formatFixtures}cases.json`, "utf8")) as {
  cases: FormatCase[];
};

export type Fields = Record<string, unknown>;
export type Change = (fields: Fields) => object;

/** The configuration file of each format, and the member of it that decides how the SAE computes. */
const configs: Record<string, { file: string; inside?: string }> = {
  "gemma-scope-2": { file: "sae/config.json" },
  "llama-scope": { file: "sae/hyperparams.json" },
  "llama-scope-r1": { file: "sae/config.json" },
  sparsify: { file: "layers.1/cfg.json" },
  "dictionary-topk": { file: "trainer_0/config.json", inside: "trainer" },
  "dictionary-batchtopk": { file: "trainer_0/config.json", inside: "trainer" },
  "dictionary-matryoshka": { file: "trainer_0/config.json", inside: "trainer" },
  "topk-pt": { file: "domain.meta.json" },
};
export const configNames = Object.keys(configs);

/** The repository's config.json, except for sizes and k, which are those of the fixture. */
export const qwenConfig = {
  model_type: "topk_sae",
  base_model: "Qwen/Qwen3-1.7B-Base",
  d_model: 16,
  d_sae: 48,
  k: 6,
  num_layers: 28,
  hook_point: "resid_post",
  dtype: "float32",
};

/** Makes changed copies of fixtures below a folder. Each function returns the path to open. */
export function changedSaes(scratch: string) {
  const folder = () => mkdtempSync(join(scratch, "case-"));
  const pathOf = (name: string) => formatCases.find((one) => one.name === name)!.path;

  /** A format's fixture with one changed JSON file. @param file path inside the fixture's folder */
  const changed = (name: string, file: string, change: Change): string => {
    const home = folder();
    cpSync(formatFixtures + name, home, { recursive: true });
    const at = join(home, file);
    const found = JSON.parse(readFileSync(at, "utf8").replaceAll("NaN,", "null,")) as Fields;
    writeFileSync(at, JSON.stringify(change(found)));
    return join(home, pathOf(name).slice(name.length + 1));
  };

  /** A format's fixture with fields of its configuration set; undefined removes a field. */
  const withFields = (name: string, fields: Fields): string => {
    const { file, inside } = configs[name]!;
    return changed(name, file, (found) =>
      inside === undefined
        ? { ...found, ...fields }
        : { ...found, [inside]: { ...(found[inside] as Fields), ...fields } },
    );
  };

  /** A fixture of SAELens with fields of cfg.json set. */
  const saelensWith = (name: string, fields: Fields): string => {
    const home = folder();
    cpSync(saelensFixtures + name, home, { recursive: true });
    const path = join(home, "cfg.json");
    writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, "utf8")) as Fields), ...fields }));
    return home;
  };

  /** Qwen-Scope's weights with the given configuration, in a folder that may have another name than the repository. */
  const qwenWith = (config: Fields, repository = "saes"): string => {
    const home = join(folder(), repository);
    cpSync(join(formatFixtures, pathOf("qwen-scope"), ".."), home, { recursive: true });
    writeFileSync(join(home, "config.json"), JSON.stringify(config));
    return join(home, "layer1.sae.pt");
  };
  return { changed, withFields, saelensWith, qwenWith };
}
