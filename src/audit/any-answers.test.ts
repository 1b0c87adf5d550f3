/** An analysis ends in findings for any answers, so no answer of a model can lose a run. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { d_sae, world } from "../../test/support/audit-world.ts";
import type { Random } from "../core/random.ts";
import type { Coherence } from "../core/records/coherence.ts";
import { findingSchema } from "../core/records/finding.ts";
import { type Outcome, outcomes } from "../core/records/verdict.ts";
import { analysis } from "./analyse.ts";

type Kind = "none" | "zero" | "same" | "one-hot" | "noise" | "huge" | "broken" | "some-missing";

const written: (Coherence | null)[] = [
  { kind: "fine", from: null },
  { kind: "loops", from: 0 },
  { kind: "noise", from: 1 },
  null,
];

const features = (kind: Kind) => (prompt: { id: string }, outcome: Outcome, r: Random) => {
  const f = new Float32Array(d_sae);
  if (kind === "same") f.fill(1);
  if (kind === "one-hot") f[outcomes.indexOf(outcome)] = 1;
  if (kind === "noise" || kind === "some-missing")
    for (let i = 0; i < d_sae; i++) f[i] = Math.abs(r.normal());
  if (kind === "huge") f.fill(3e38);
  if (kind === "broken") f[0] = prompt.id.startsWith("p0") ? NaN : 1;
  return f;
};

test("any outcomes and features, of any number of prompts, are analysed", () => {
  const kind = fc.constantFrom<Kind>(
    "none",
    "zero",
    "same",
    "one-hot",
    "noise",
    "huge",
    "broken",
    "some-missing",
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 9 }),
      fc.integer({ min: 0, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.uniqueArray(fc.constantFrom("chat" as const, "none" as const), { minLength: 1 }),
      fc.array(fc.constantFrom(...outcomes), { minLength: 1, maxLength: 6 }),
      kind,
      fc.boolean(),
      fc.nat(1000),
      (triples, controls, seeds, templates, said, of, projection, seed) => {
        fc.pre(triples + controls > 0);
        const input = world(seed, {
          ...{ triples, controls, templates, seeds: Array.from({ length: seeds }, (_, i) => i) },
          answer: (_prompt, _template, r) => ({
            outcome: said[r.integer(said.length)]!,
            token: r.integer(300),
            coherence: written[r.integer(written.length)]!,
          }),
          ...(of === "none" ? {} : { features: features(of) }),
        });
        const saes = input.saes.map((sae) =>
          of !== "some-missing" || sae.features === null
            ? sae
            : {
                ...sae,
                features: {
                  ...sae.features,
                  pooled: (key: string, cap: number) =>
                    key.length % 2 === 0 ? null : sae.features!.pooled(key, cap),
                },
              },
        );
        const { findings, insides } = analysis({ ...input, saes, projection, resamples: 50 });
        for (const finding of findings) findingSchema.parse(finding);
        for (const { scores } of insides)
          for (const { f } of scores) expect(f.every(Number.isFinite)).toBe(true);
      },
    ),
    { seed: 11, numRuns: Number(process.env["FATHOM_ANSWERS"] ?? 60) },
  );
}, 600_000);
