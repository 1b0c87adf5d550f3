/** An invented quality report for the page's tests, with features that no small model has. */

import type { About } from "../../src/core/records/about.ts";
import type { ContrastiveVerdict } from "../../src/core/records/contrastive-verdict.ts";
import type { Finding } from "../../src/core/records/finding.ts";
import { idOf } from "../../src/core/records/finding-id.ts";
import type { SaeContext, SaeFeature, SaeReport } from "../../src/core/records/sae-report.ts";

export interface SyntheticSaeOptions {
  features?: number;
  /** A token that is shown for every feature. */
  hostile?: string;
  gate?: "open" | "closed" | "overridden";
  curve?: boolean;
  /** The verdict on a contrastive term; if not given, there is no such term. */
  contrastive?: ContrastiveVerdict;
}

/** A verdict over two seeds; the second has no training with random tiers. */
export function syntheticVerdict(): ContrastiveVerdict {
  const arm = (separation: number) => ({ separation, nearest_own: 20, unexplained: 0.2 });
  const of = { prompts: 24, tokens: 300, with: arm(0.4), without: arm(0.1) };
  return {
    finding: { ...finding({ kind: "contrastive_term" }, "training", 0.3, "cosine"), status: "not found" },
    over_random: { estimate: 0.01, interval: [-0.02, 0.04] },
    seeds: [
      { ...of, seed: "0", random: arm(0.39) },
      { ...of, seed: "1", random: null },
    ],
  };
}

const words = ["The", " night", " watch", " sees", " the", " harbour", " lights", ",", " slowly", "."];

export function syntheticSaeReport({
  features = 60,
  hostile = " quiet",
  gate = "open",
  curve = true,
  contrastive,
}: SyntheticSaeOptions = {}): SaeReport {
  return {
    schema: 1,
    kind: "sae",
    title: "Sparse autoencoder of mirrel-small, block 3",
    identities: [
      { subject: "SAE", label: "SHA-256", value: "0123456789abcdef".repeat(4) },
      { subject: "Model", label: "name", value: "mirrel-small" },
    ],
    sae: { kind: "topk", d_in: 64, d_sae: 512, k: 8, layer: 3 },
    model: "mirrel-small",
    notes: [],
    read: { source: "harbour.txt", texts: 40, tokens: 8000, massive: 6 },
    gate: {
      passed: gate === "open",
      allowed_to_fail: gate === "overridden",
      checks: [
        check("width", "pass", 64, null),
        check("variance explained", gate === "open" ? "pass" : "fail", 0.31, { least: 0.5, most: null }),
        check("dead features", "undetermined", 0.1, { least: null, most: 0.5 }),
      ],
      mistake: gate === "open" ? null : "Likely: W_dec is stored the other way round.",
      notes: ["Inputs are scaled by 0.5 (config); folded into the weights."],
    },
    findings: [
      finding({ kind: "sae_fvu", tokens: "ordinary" }, "headline", 0.21, "FVU"),
      finding({ kind: "sae_fvu", tokens: "all" }, "unexplained", 0.08, "FVU"),
      finding({ kind: "sae_quality", measure: "ce_recovered" }, "headline", 0.97, "fine share"),
      finding({ kind: "sae_quality", measure: "dead" }, "headline", 0.1, "fine share"),
      finding({ kind: "sae_quality", measure: "massive" }, "unexplained", 0.02, "fine share"),
      finding({ kind: "sae_quality", measure: "l0" }, "sparsity", 8, "features"),
      finding({ kind: "sae_quality", measure: "nearest_cosine" }, "redundancy", 0.4, "cosine"),
    ],
    l0: [
      { from: 7, to: 8, count: 20 },
      { from: 8, to: 9, count: 7980 },
    ],
    density: {
      bins: Array.from({ length: 16 }, (_, i) => ({ from: i / 4 - 4, to: (i + 1) / 4 - 4, count: i * 3 })),
      never: 51,
      dense: 2,
      dense_above: 0.1,
    },
    redundancy: {
      bins: Array.from({ length: 20 }, (_, i) => ({ from: i / 20, to: (i + 1) / 20, count: 20 - i })),
      pairs: [{ features: [4, 9], cosine: 0.97 }],
      measured: 100,
      of: 512,
    },
    curve: curve
      ? Array.from({ length: 50 }, (_, i) => ({
          ...{ step: i + 1, unexplained: 1 / (i + 1), meanL0: 8, dead: i },
          // The auxiliary loss has weight only while features are dead; one of its steps has no neighbours.
          terms: {
            contrastive: 0.5 / (i + 1),
            l1: 3e-4 * i,
            ...(i < 20 || i === 30 ? { auxiliary: 1 - i / 100 } : {}),
          },
        }))
      : null,
    contrastive: contrastive ?? null,
    features: {
      active: 461,
      chosen: `${features} of the 461 features that were active.`,
      contexts: "Of each feature its 2 strongest tokens and 1 drawn.",
      logits: "Decoder row through the unembedding.",
      list: Array.from({ length: features }, (_, i) => feature(i * 3, hostile)),
    },
    not_measured: ["What a feature means."],
  };
}

function feature(index: number, hostile: string): SaeFeature {
  const max = 20 - (index % 17);
  return {
    feature: index,
    tokens: 1000 - index,
    share: (1000 - index) / 8000,
    max,
    mean: max / 3,
    nearest: index % 6 === 0 ? null : { feature: index + 1, cosine: 0.2 + (index % 10) / 20 },
    contexts: [
      context("strongest", index, max, hostile),
      context("strongest", index + 1, max / 2, hostile),
      context("drawn", index + 2, max / 5, hostile),
    ],
    logits: {
      raised: [
        { id: 1, token: hostile, effect: 0.9 },
        { id: 2, token: ` word${index}`, effect: 0.5 },
      ],
      lowered: [{ id: 3, token: "\n", effect: -0.7 }],
    },
    neuronpedia: null,
  };
}

function context(kind: SaeContext["kind"], text: number, value: number, hostile: string): SaeContext {
  const tokens = [...words, hostile, "", " end"];
  const activations = tokens.map((_, i) => (i === 5 ? value : i % 4 === 1 ? value / 4 : 0));
  return {
    kind,
    text: `harbour.txt ${text}`,
    position: 45,
    of: 256,
    massive: text % 7 === 0,
    tokens,
    at: 5,
    activations,
  };
}

function check(
  name: string,
  status: "pass" | "fail" | "undetermined",
  found: number,
  bound: { least: number | null; most: number | null } | null,
): SaeReport["gate"]["checks"][number] {
  return {
    name,
    status,
    found,
    bound: bound === null ? null : { ...bound, from: "declared" },
    sentence: `${name}: ${found}.`,
  };
}

function finding(about: About, group: string, estimate: number, unit: string): Finding {
  const id = idOf(about);
  return {
    id,
    about,
    group,
    question: `What of ${id}?`,
    estimate,
    unit,
    interval: [estimate * 0.9, Math.min(1, estimate * 1.1)],
    level: 0.95,
    n: 8000,
    method: "made up",
    control: { kind: "nothing", estimate: null, interval: null },
    status: "found",
    sentence: `Of ${id} it is ${estimate}. More is to be said of it.`,
  };
}
