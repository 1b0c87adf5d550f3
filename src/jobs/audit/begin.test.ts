/** A start that was cut at any point goes on. A folder that is not the start of a run is refused. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { publishedCategories } from "../../audit/features/published-categories.ts";
import { hashText } from "../../core/hash.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import { jsonLines } from "../../files/lines/json-lines.ts";
import { sealed } from "../../files/lines/sealed-line.ts";
import type { FieldMap } from "../../prompts/columns/field-map.ts";
import { beginRun } from "./begin.ts";
import { type Manifest, manifestSchema, promptsName, readManifest, runFormat } from "./manifest.ts";

let run: string;
beforeEach(() => {
  run = join(mkdtempSync(join(tmpdir(), "fathom-begin-")), "run");
});
afterEach(() => {
  rmSync(join(run, ".."), { recursive: true });
});

/** Higher than every process id of Linux and macOS. */
const nobody = 2 ** 30;

const prompts: Prompt[] = ["a", "b"].map((id) => ({
  id,
  prompt: `Tell me of ${id}.`,
  tier: "benign",
  framing: "direct",
  category: "any",
  pair: null,
  panel: "main",
  rationale: "",
  expected_surface: null,
}));
const text = jsonLines(prompts);

function made(
  inputs: { model?: string; caps?: number[]; file?: string; map?: FieldMap; asked?: string } = {},
): Manifest {
  const sha = (what: string) => ({ sha256: hashText(what) });
  const { model = "m", caps = [8], file = "prompts", map = {}, asked = text } = inputs;
  return manifestSchema.parse({
    format: runFormat,
    inputs: {
      model: { name: model, architecture: "A", layers: 2, d_model: 4, ...sha("weights") },
      adapter: null,
      tokenizer: sha("tokenizer"),
      template: null,
      prompts: { name: "p", ...sha(file), n: 2, notes: [] },
      saes: [],
      plan: {
        ...{ precision: "fp32", device: "cpu", allow_failed: false, pooling: "mean", projection: false },
        ...{ categories: publishedCategories, templates: ["none"], caps, seeds: [0], temperature: 0 },
        ...{ map, system: null, framings: null, limit: null, layer: null, batch_size: 4, seed: 0 },
      },
      layers: [1],
      refusal_tokens: [],
      observations: 2,
    },
    files: { [promptsName]: hashText(asked) },
    environment: {
      ...{ fathom: "0", node: "24", onnxruntime: "1", platform: "p", threads: 1, created: "now" },
    },
  });
}
const begin = (resume: boolean, manifest = made()) => {
  beginRun(run, { manifest, prompts }, resume)();
};
const put = (name: string, content = "x") => {
  mkdirSync(run, { recursive: true });
  writeFileSync(join(run, name), content);
};
const sound = () => {
  expect(readdirSync(run).filter((name) => name.includes("partial") || name.includes("lock"))).toEqual([]);
  expect(readFileSync(join(run, promptsName), "utf8")).toBe(text);
  expect(readManifest(run)).toEqual(made());
};

/** The states that a kill or a full disk can leave, from the first moment on. */
const cut: Record<string, () => void> = {
  nothing: () => undefined,
  "an empty folder": () => {
    mkdirSync(run);
  },
  "a lock": () => {
    put("at-work.lock", JSON.stringify({ host: hostname(), pid: nobody }));
  },
  "half a lock": () => {
    put(`at-work.lock.partial-${nobody}`, "");
  },
  "half a manifest": () => {
    put(`manifest.json.partial-${nobody}`, "{");
  },
  "half a manifest of a process whose number is ours now": () => {
    put(`manifest.json.partial-${process.pid}`, "{");
  },
  "a manifest alone": () => {
    begin(false);
    rmSync(join(run, promptsName));
    put(`${promptsName}.partial-${nobody}`, text.slice(0, 9));
  },
  "the prompts alone, as older versions began": () => {
    put(promptsName, text);
  },
  "an empty journal": () => {
    begin(false);
    put("observations.jsonl", "");
  },
  "a journal that is cut in its first line": () => {
    begin(false);
    put("observations.jsonl", sealed({ key: "k" }).slice(0, 12));
    mkdirSync(join(run, "activations"));
    writeFileSync(join(run, "activations", `${hashText("k")}.safetensors.partial-${nobody}`), "x");
  },
};

describe.each(Object.keys(cut))("a start that left %s", (name) => {
  it.each([false, true])("goes on, resume %s", (resume) => {
    cut[name]!();
    begin(resume);
    sound();
    const activations = join(run, "activations");
    if (existsSync(activations)) expect(readdirSync(activations)).toEqual([]);
  });
});

it("a start without an answer may begin again with another plan, but is not resumed with another plan", () => {
  begin(false, made({ caps: [9] }));
  expect(() => {
    begin(true);
  }).toThrow("inputs.plan.caps: expected [9] as when the run began, found [8]");
  begin(false);
  sound();
});

it("a run with an answer can only be resumed", () => {
  begin(false);
  put("observations.jsonl", sealed({ key: "k" }));
  expect(() => {
    begin(false);
  }).toThrow("expected a new or empty folder, found a run already begun. Try: --resume");
  begin(true);
  sound();
});

it("a folder with somebody else's file is refused, and left unchanged", () => {
  for (const [name, content] of [
    ["notes.txt", "mine"],
    [promptsName, "my own prompts"],
    [`notes.txt.partial-${nobody}`, "mine"],
    ["observations.jsonl", sealed({ key: "k" })],
  ] as const) {
    put(name, content);
    for (const resume of [false, true])
      expect(() => {
        begin(resume);
      }).toThrow(`a folder that holds ${name}`);
    expect(readdirSync(run)).toEqual([name]);
    expect(readFileSync(join(run, name), "utf8")).toBe(content);
    rmSync(run, { recursive: true });
  }
});

it("half-written files are removed only if they are ours and their process has ended", () => {
  begin(false);
  const kept = [
    ...[`notes.partial-${nobody}`, `findings.json.${nobody}`, "manifest.json.partial-x"],
    `report.html.partial-${process.ppid}`,
  ];
  for (const name of [...kept, `report.html.partial-${nobody}`, `fidelity.partial-${nobody}-rows`]) put(name);
  begin(true);
  expect(readdirSync(run).sort()).toEqual(["manifest.json", promptsName, ...kept].sort());
});

it("prompts that were changed later are not overwritten, and those that were deleted are written again", () => {
  begin(false);
  put("observations.jsonl", sealed({ key: "k" }));
  put(promptsName, text.replace("Tell", "Sell"));
  expect(() => {
    begin(true);
  }).toThrow(/prompts\.jsonl: expected the prompts that the run began with .*, found others\. Try: restore/);
  rmSync(join(run, promptsName));
  begin(true);
  sound();
});

it("a manifest without the prompts' hash is from an older version, and its run goes on", () => {
  begin(false);
  const { files: _, ...older } = made();
  put("manifest.json", JSON.stringify(older));
  begin(true);
  expect(readFileSync(join(run, promptsName), "utf8")).toBe(text);
  truncateSync(join(run, promptsName), 0);
  begin(true);
});

it("another file is another input, whatever its name; the same file under another name is the same input", () => {
  begin(false);
  begin(true, made({ model: "renamed" }));
  expect(readManifest(run).inputs.model?.name).toBe("m");
  const other = made();
  Object.assign(other.inputs.model!, { sha256: hashText("other weights"), name: "other" });
  expect(() => {
    begin(true, other);
  }).toThrow(
    `inputs.model: expected m, SHA-256 ${hashText("weights")} as when the run began, found other, SHA-256`,
  );
});

it("the same prompts are the same input, from whatever file and columns they were read", () => {
  const map: FieldMap = { tier: { value: "benign" } };
  begin(false, made({ file: "theirs.csv", map }));
  begin(true, made({ file: "prompts.jsonl" }));
  expect(readManifest(run).inputs.plan.map).toEqual(map);
  const others = made({ file: "prompts.jsonl", asked: "others" });
  expect(() => {
    begin(true, others);
  }).toThrow("inputs.prompts: expected p, SHA-256");
  expect(() => {
    begin(true, made({ file: "theirs.csv", asked: "others" }));
  }).toThrow('inputs.plan.map.tier: expected {"value":"benign"} as when the run began, found null');
});
