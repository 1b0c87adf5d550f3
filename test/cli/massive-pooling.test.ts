/**
 * An audit of a model with massive tokens in its answers: they are in no pooled feature and no context, and they are counted and
 * reported.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { catalogSchema } from "../../src/core/records/catalog.ts";
import { findingSchema } from "../../src/core/records/finding.ts";
import { insideSchema } from "../../src/core/records/inside.ts";
import { type Observation, observationSchema } from "../../src/core/records/observation.ts";
import { withContexts } from "../../src/jobs/audit/answers/feature-contexts.ts";
import { activationsOf } from "../../src/jobs/audit/answers/sidecar.ts";
import { poolFeatures, textsToSplice } from "../../src/jobs/audit/features.ts";
import { gateSpool } from "../../src/jobs/inputs/judged-texts.ts";
import { textOf } from "../../src/model/checkpoint/checkpoint.ts";
import { openModel } from "../../src/model/model.ts";
import { SaeSession } from "../../src/sae/code/sae-session.ts";
import { openSae } from "../../src/sae/formats/open-sae.ts";
import { massiveOrganism, organism } from "../support/massive-organism.ts";
import { fathom, lines, scratch } from "./fathom.ts";

/** " It", which begins a second sentence in about one answer of four. The model then writes nothing else. */
const massive = 328;
const [cap, layer] = [32, 2];
const folder = scratch();
const [model, sae, run] = [join(folder, "model"), join(organism, "sae"), join(folder, "run")];
const read = (name: string) => readFileSync(join(run, name), "utf8");
const json = (name: string): unknown => JSON.parse(read(name));
let observations: Observation[];

beforeAll(() => {
  massiveOrganism(model, { token: massive, by: 1024 });
  const args = ["audit", "--model", model, "--prompts", "fiction", "--sae", sae, "--out", run];
  const more = [
    "--templates",
    "chat",
    "--prefill-tokens",
    "0",
    "--caps",
    String(cap),
    "--pooling",
    "max",
    "--quiet",
  ];
  expect(fathom([...args, ...more])).toMatchObject({ code: 0, stderr: "" });
  observations = lines(read("observations.jsonl")).map((line) => observationSchema.parse(JSON.parse(line)));
});

test("are counted and reported: in the view, the report and the method of the findings from the other tokens", () => {
  const count = observations.flatMap(({ ids }) => ids).filter((id) => id === massive).length;
  const [view] = insideSchema.parse(json("inside.json"));
  expect(count).toBeGreaterThan(500);
  expect(view).toMatchObject({ massive_tokens: count, answers_without_tokens: 0, not_measured: null });
  const norm = view!.massive_norm!.toPrecision(3);
  expect(read("report.md")).toContain(
    `Features of the ${count} massive tokens in the answers, whose norm is above ${norm}, 10 times the median`,
  );
  const through = z
    .array(findingSchema)
    .parse(json("findings.json"))
    .filter(({ group, method }) => ["divergence", "flags"].includes(group) && method !== "none");
  expect(through.length).toBeGreaterThan(3);
  for (const { method } of through)
    expect(method).toContain(
      `features pooled without ${count} massive tokens of the answers (norm above ${norm}`,
    );
});

test("are in no pooled feature, and no context of a feature that is strongest on them", async () => {
  const opened = await openModel(model, { threads: 1 });
  const plan = { caps: [cap], pooling: "max" as const, allow_failed: false };
  const spool = gateSpool();
  const { features, massiveNorm } = await poolFeatures(
    { run, observations, model: opened, plan },
    openSae(sae),
    layer,
    textsToSplice(opened, [layer], observations, spool),
  );
  spool.close();
  const session = await SaeSession.open(openSae(sae), { threads: 1 });
  const { d_sae } = session.sae;
  const { tokenizer } = textOf(opened.checkpoint);
  const strongest = new Float32Array(d_sae);
  const raise = (of: Float32Array, row: Float32Array) => {
    for (let i = 0; i < d_sae; i++) of[i] = Math.max(of[i]!, row[i]!);
  };
  for (const observation of observations.filter(({ ids }) => ids.includes(massive)).slice(0, 3)) {
    const { features: each } = await session.encode(activationsOf(run, observation, layer));
    const expected = new Float32Array(d_sae);
    for (const [at, id] of observation.ids.entries())
      if (!tokenizer.specialIds.has(id))
        raise(id === massive ? strongest : expected, each.subarray(at * d_sae, (at + 1) * d_sae));
    const found = features!.pooled(observation.key, cap)!;
    for (let i = 0; i < d_sae; i++) expect(found[i]).toBeCloseTo(expected[i]!, 3);
  }
  await session.close();

  const [catalog] = z.array(catalogSchema).parse(json("catalog.json"));
  const [category] = catalog!.categories;
  const one = { ...category!.features[0]!, feature: strongest.indexOf(Math.max(...strongest)) };
  const asked = { ...catalog!, categories: [{ ...category!, features: [one] }] };
  const contexts = async (norm: number) => {
    const source = { sae: openSae(sae), tokenizer, observations, massiveNorm: norm };
    const { categories } = await withContexts(asked, {
      ...source,
      activationsOf: (observation) => activationsOf(run, observation, layer),
    });
    const byKey = new Map(observations.map((observation) => [observation.key, observation]));
    return categories[0]!.features[0]!.contexts.map(
      (found) => byKey.get(found.observation)!.ids[found.position],
    );
  };
  expect(await contexts(Infinity)).toEqual([massive, massive, massive]);
  expect(await contexts(massiveNorm!)).not.toContain(massive);
  await opened.close();
});
