/**
 * JumpReLU (Rajamanoharan et al., arXiv 2407.14435): a feature is its pre-activation where that is above the feature's own
 * threshold θ, and the loss counts features,
 *
 *     sparsity = L0, the mean number of them a token, or with a target (L0 / target − 1)².
 *
 * Neither depends on θ but by jumps, so both get a pseudo-derivative: the derivative of their expectation, estimated with
 * a rectangle of width ε (the bandwidth) around θ (sections 3 and 4),
 *
 *     ∂z/∂θ := −(θ/ε)·rect((pre − θ)/ε)        ∂1[pre > θ]/∂θ := −(1/ε)·rect((pre − θ)/ε)
 *
 * while pre gets the exact ones, 1[pre > θ] and 0. θ is trained as its logarithm, which keeps it above 0.
 */
import { onnxDataType } from "../../../graph/build/dtype.ts";
import type { Operator, Value } from "../../../graph/build/graph.ts";
import {
  add,
  div,
  exp,
  greater,
  mul,
  neg,
  reduceMean,
  reduceSum,
  sub,
  where,
} from "../../../graph/ops/ops.ts";
import type { JumpReLUPlan } from "../state/training-plan.ts";
import type { LossTerm, Objective } from "./objective.ts";

type Settings = Pick<
  JumpReLUPlan,
  "d_sae" | "bandwidth" | "startL0" | "thresholdRate" | "sparsity" | "sparsityWarmup" | "targetL0" | "steps"
>;

const own = "log_threshold";

export function jumpReLU(settings: Settings): Objective {
  const { d_sae, bandwidth, targetL0, startL0, thresholdRate } = settings;
  const share = Math.min(1, (targetL0 ?? startL0) / d_sae);
  return {
    own: { [own]: { start: (pre) => Math.log(leftAbove(pre, share)), pace: thresholdRate } },
    activate: (pre, { log_threshold }) => apply(jumpOperator, pre, exp(log_threshold!), bandwidth),
    terms: [sparsity(settings)],
    finish: ({ weights }, scale) => ({
      kind: "jumprelu",
      k: null,
      threshold: weights[own]!.map((log) => Math.exp(log) / scale),
    }),
  };
}

/** A threshold has a logarithm. */
const leastThreshold = 1e-3;

/** What a share of the numbers is above: thresholds that begin far from where they are to be are not there when the run ends. */
function leftAbove(numbers: Float32Array, share: number): number {
  const sorted = numbers.toSorted();
  return Math.max(leastThreshold, sorted[Math.floor((1 - share) * (sorted.length - 1))]!);
}

function sparsity({ bandwidth, targetL0, ...settings }: Settings): LossTerm {
  return {
    name: "sparsity",
    build({ pre, own: { log_threshold } }) {
      const counted = apply(stepOperator, pre, exp(log_threshold!), bandwidth);
      const L0 = reduceMean(reduceSum(counted, [1]), [0]);
      if (targetL0 === undefined) return L0;
      const away = sub(div(L0, targetL0), 1);
      return mul(away, away);
    },
    at: ({ step }) => {
      const warm = settings.sparsityWarmup * settings.steps;
      return { weight: settings.sparsity * (warm > 0 ? Math.min(1, (step + 1) / warm) : 1), feeds: {} };
    },
  };
}

type Kernel = Operator<{ bandwidth: number }>;

/** pre where it is above the threshold, 0 elsewhere. */
const jumpOperator: Kernel = {
  kind: "jumpReLU",
  emit({ inputs: [pre, threshold], outputs }, onnx) {
    const above = onnx.node("Greater", [pre!, threshold!]);
    onnx.into(outputs, "Where", [above, pre!, onnx.scalar(0, pre!.dtype)]);
  },
  gradient({ inputs: [pre, threshold], cotangent, attributes: { bandwidth } }) {
    const near = reduceSum(within(bandwidth, pre!, threshold!, cotangent), [0]);
    return [where(greater(pre!, threshold!), cotangent, 0), neg(mul(near, div(threshold!, bandwidth)))];
  },
};

/** 1 where pre is above the threshold, 0 elsewhere. */
const stepOperator: Kernel = {
  kind: "step",
  emit({ inputs, outputs }, onnx) {
    const above = onnx.node("Greater", inputs);
    onnx.into(outputs, "Cast", [above], { to: onnxDataType[outputs[0]!.dtype] });
  },
  gradient: ({ inputs: [pre, threshold], cotangent, attributes: { bandwidth } }) => [
    undefined,
    neg(div(reduceSum(within(bandwidth, pre!, threshold!, cotangent), [0]), bandwidth)),
  ],
};

/** @param pre [B, d_sae] @param threshold [d_sae] */
function apply(operator: Kernel, pre: Value, threshold: Value, bandwidth: number): Value {
  return pre.graph.apply(operator, [pre, threshold], { bandwidth }, [pre])[0]!;
}

/** `values` where pre lies less than half a bandwidth from the threshold, 0 elsewhere. */
function within(bandwidth: number, pre: Value, threshold: Value, values: Value): Value {
  const above = where(greater(add(threshold, bandwidth / 2), pre), values, 0);
  return where(greater(pre, sub(threshold, bandwidth / 2)), above, 0);
}
