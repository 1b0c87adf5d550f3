/**
 * Every operator. `operators` is the complete list of operators whose gradients the tests check. Only the products of
 * quantized matrices are not in it, because they have no gradient.
 */
import type { Operator } from "../build/graph.ts";
import { geluTanhOperator, siluOperator } from "./activations.ts";
import { addOperator, divOperator, mulOperator, negOperator, subOperator } from "./arithmetic.ts";
import { expandOperator, reduceSumOperator } from "./broadcast.ts";
import { castOperator } from "./cast.ts";
import { fillOperator } from "./fill.ts";
import { gatherElementsOperator, gatherOperator, scatterElementsOperator, topKOperator } from "./gather.ts";
import { matmulOperator } from "./matmul.ts";
import { reduceMeanOperator, sizeOperator } from "./mean.ts";
import { rmsNormOperator } from "./norm.ts";
import { concatOperator, padLikeOperator, sliceOperator, splitOperator } from "./parts.ts";
import { ropeOperator } from "./rope.ts";
import { clipOperator, greaterOperator, reluOperator, whereOperator } from "./select.ts";
import {
  renameOperator,
  reshapeOperator,
  squeezeOperator,
  transposeOperator,
  unsqueezeOperator,
} from "./shape.ts";
import { logSoftmaxOperator, softmaxOperator } from "./softmax.ts";
import {
  expOperator,
  logOperator,
  powOperator,
  sigmoidOperator,
  sqrtOperator,
  tanhOperator,
} from "./unary.ts";

export { geluTanh, silu, softcap } from "./activations.ts";
export { add, div, mul, neg, sub } from "./arithmetic.ts";
export { expand, reduceSum } from "./broadcast.ts";
export { cast } from "./cast.ts";
export { fillLike } from "./fill.ts";
export { gather, gatherElements, scatterElements, topK } from "./gather.ts";
export { matmul } from "./matmul.ts";
export { type Int8Matrix, matmulInt8, peakCode } from "./matmul-int8.ts";
export { type BlockMatrix, matmulNBits } from "./matmul-nbits.ts";
export { reduceMean, sizeOf } from "./mean.ts";
export { rmsNorm } from "./norm.ts";
export { concat, slice, split, splitLike } from "./parts.ts";
export { rope } from "./rope.ts";
export { clip, greater, relu, where } from "./select.ts";
export { renameDims, reshape, squeeze, transpose, unsqueeze } from "./shape.ts";
export { logSoftmax, softmax } from "./softmax.ts";
export { type HeldMatrix, timesMatrix } from "./times-matrix.ts";
export { exp, log, pow, sigmoid, sqrt, tanh } from "./unary.ts";

export const operators: readonly Operator[] = [
  addOperator,
  castOperator,
  clipOperator,
  concatOperator,
  divOperator,
  expOperator,
  expandOperator,
  fillOperator,
  gatherElementsOperator,
  gatherOperator,
  geluTanhOperator,
  greaterOperator,
  logOperator,
  logSoftmaxOperator,
  matmulOperator,
  mulOperator,
  negOperator,
  padLikeOperator,
  powOperator,
  reduceMeanOperator,
  reduceSumOperator,
  reluOperator,
  renameOperator,
  reshapeOperator,
  rmsNormOperator,
  ropeOperator,
  scatterElementsOperator,
  sigmoidOperator,
  siluOperator,
  sizeOperator,
  sliceOperator,
  softmaxOperator,
  splitOperator,
  sqrtOperator,
  squeezeOperator,
  subOperator,
  tanhOperator,
  topKOperator,
  transposeOperator,
  unsqueezeOperator,
  whereOperator,
];
