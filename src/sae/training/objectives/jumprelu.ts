/**
 * JumpReLU (Rajamanoharan et al., arXiv 2407.14435): a feature equals its pre-activation if that is above the feature's own
 * threshold θ, else 0. The loss counts active features:
 *
 *     sparsity = L0, the mean number of active features per token; with a target, (L0 / target − 1)².
 *
 * Both change only in jumps when θ changes. So both get a pseudo-derivative: the derivative of their expectation, estimated
 * with a rectangle of width ε (the bandwidth) around θ (sections 3 and 4):
 *
 *     ∂z/∂θ := −(θ/ε)·rect((pre − θ)/ε)        ∂1[pre > θ]/∂θ := −(1/ε)·rect((pre − θ)/ε)
 *
 * The derivatives for pre are exact: 1[pre > θ] and 0. θ is trained as its logarithm, which keeps it above 0.
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

/** The least threshold at the start. It is above 0, because the logarithm of a threshold is trained. */
const leastThreshold = 1e-3;

/**
 * The value that the given share of the numbers exceeds. Thresholds start there, because thresholds that start far from
 * their final value do not reach it before the run ends.
 */
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

/** pre if it is above the threshold, else 0. */
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

/** 1 if pre is above the threshold, else 0. */
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

/** `values` if pre is less than half a bandwidth from the threshold, else 0. */
function within(bandwidth: number, pre: Value, threshold: Value, values: Value): Value {
  const above = where(greater(add(threshold, bandwidth / 2), pre), values, 0);
  return where(greater(pre, sub(threshold, bandwidth / 2)), above, 0);
}
