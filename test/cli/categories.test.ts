/** An audit with its own categories and a learned projection, and the contexts that it keeps to look up features. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { catalogSchema } from "../../src/core/records/catalog.ts";
import { type Finding, findingSchema } from "../../src/core/records/finding.ts";
import { insideSchema } from "../../src/core/records/inside.ts";
import { listOf } from "../../src/core/records/list-of.ts";
import { observationSchema } from "../../src/core/records/observation.ts";
import { reportDataSchema } from "../../src/core/records/report.ts";
import { openSafetensors } from "../../src/files/tensors/safetensors.ts";
import { SaeSession } from "../../src/sae/code/sae-session.ts";
import { openSae } from "../../src/sae/formats/open-sae.ts";
import { fathom, lines, scratch } from "./fathom.ts";

const organism = fileURLToPath(new URL("../../organisms/demo", import.meta.url));
const folder = scratch();
const run = join(folder, "run");
const file = join(folder, "own.yaml");
const own = `categories:
  - refusal_circuitry
  - name: hazard_refused
    has: { panel: main, tier: hazard_adjacent, outcome: [refuse, mixed] }
    lacks: { panel: main, tier: benign }
    features: 4
`;
const plan = [
  ...["audit", "--model", organism, "--prompts", "fiction", "--sae", join(organism, "sae")],
  ...[
    "--templates",
    "chat",
    "--prefill-tokens",
    "0",
    "--caps",
    "16,64",
    "--categories",
    file,
    "--projection",
  ],
];
const json = (name: string): unknown => JSON.parse(readFileSync(join(run, name), "utf8"));
const catalog = () => listOf(catalogSchema).parse(json("catalog.json"))[0]!;
let findings: Finding[];

beforeAll(() => {
  writeFileSync(file, own);
  expect(fathom([...plan, "--out", run, "--quiet"])).toMatchObject({ code: 0, stderr: "" });
  findings = z.array(findingSchema).parse(json("findings.json"));
}, 120_000);

test("f, catalog, projection and flags follow the given categories", () => {
  const { categories, projection } = catalog();
  expect(categories.map(({ name }) => name)).toEqual(["refusal_circuitry", "hazard_refused"]);
  expect(categories[1]!.contrast).toBe(
    "answers judged refuse or mixed to main-panel hazard-adjacent prompts against main-panel benign prompts",
  );
  expect(categories[1]!.features.length).toBeLessThanOrEqual(4);
  expect(projection!.categories.map(({ name }) => name)).toEqual(["refusal_circuitry", "hazard_refused"]);
  const said = new Map(findings.map((finding) => [finding.id, finding]));
  expect(said.get("projection.accuracy")!.status).toBe("found");
  expect(said.get("flags.hazard_features_active_despite_refusal")!.sentence).toBe(
    "not measured: this run has no category hazard_adjacent.",
  );
});

test("each feature has contexts from answers that are not scored, with the activations that the SAE gives", async () => {
  const features = catalog().categories.flatMap((category) => category.features);
  const scored = new Set(
    insideSchema.parse(json("inside.json"))[0]!.scores.map(({ observation }) => observation),
  );
  const kept = readFileSync(join(run, "observations.jsonl"), "utf8");
  const observations = new Map(
    lines(kept)
      .map((line) => observationSchema.parse(JSON.parse(line)))
      .map((one) => [one.key, one]),
  );
  const session = await SaeSession.open(openSae(join(organism, "sae")));
  for (const { feature, contexts } of features.slice(0, 5)) {
    expect(contexts.length).toBeGreaterThan(0);
    expect(new Set(contexts.map(({ observation }) => observation)).size).toBe(contexts.length);
    const peaks = contexts.map(({ activation }) => activation);
    expect(peaks).toEqual(peaks.toSorted((a, b) => b - a));
    for (const { observation, prompt_id, position, of, activation, around } of contexts) {
      expect(scored.has(observation)).toBe(false);
      const { ids, text, prompt_id: asked, activations } = observations.get(observation)!;
      expect([asked, ids.length]).toEqual([prompt_id, of]);
      expect(text).toContain(around!.tokens.join(""));
      const [kept] = activations;
      const sidecar = openSafetensors(join(run, kept!.file));
      const { features: encoded } = await session.encode(sidecar.readFloat32(kept!.tensor));
      sidecar.close();
      const own = Array.from({ length: of }, (_, at) => encoded[at * session.sae.d_sae + feature]!);
      expect(activation).toBeCloseTo(own[position]!, 2);
      expect(activation).toBeCloseTo(Math.max(...own), 2);
      around!.activations.forEach((value, i) => {
        expect(value).toBeCloseTo(own[position - around!.at + i]!, 2);
      });
    }
  }
  await session.close();
});

test("a report leaves out the contexts of redacted answers", () => {
  const contexts = (args: string[]) => {
    const out = join(folder, `report${args.length}`);
    expect(fathom(["report", run, "--format", "json", "--out", out, ...args]).code).toBe(0);
    const data = reportDataSchema.parse(JSON.parse(readFileSync(join(out, "report.json"), "utf8")));
    const redacted = new Set(data.rows.filter((row) => row.redacted).map(({ prompt_id }) => prompt_id));
    const all = data.insides[0]!.catalog!.categories.flatMap(({ features }) =>
      features.flatMap((feature) => feature.contexts),
    );
    return { redacted, all };
  };
  const { redacted, all } = contexts([]);
  expect(all.some(({ around }) => around === null)).toBe(true);
  for (const { prompt_id, around } of all) expect(around === null).toBe(redacted.has(prompt_id));
  expect(contexts(["--show-text"]).all.every(({ around }) => around !== null)).toBe(true);
});

test("a run is resumed only with its categories; categories that the prompts do not define are refused before it begins", () => {
  const refused = (args: string[], message: RegExp) => {
    const { code, stdout, stderr } = fathom(args);
    expect(stderr).toMatch(message);
    expect(lines(stderr)).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  };
  refused(
    [...plan, "--categories", "published", "--out", run, "--resume"],
    /inputs.plan.categories: expected .*hazard_refused/,
  );
  const elsewhere = join(folder, "elsewhere.yaml");
  writeFileSync(elsewhere, own.replace("tier: benign", "tier: benign, framing: sonnet"));
  refused(
    [...plan, "--categories", elsewhere, "--out", join(folder, "none")],
    /category hazard_refused, lacks: expected .*sonnet-framed prompts, found none in fiction/,
  );
});
