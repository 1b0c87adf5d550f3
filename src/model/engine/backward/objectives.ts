/**
 * The scalars that can be differentiated. Each but `residual` depends on the logits at a few positions. Its value and its
 * gradient with respect to these logits have a closed form, computed here in float64.
 */
import { badInput } from "../../../core/errors.ts";
import type { Site } from "../../architecture/slots/sites.ts";

/** Positions count from 0. The logits z and probabilities p are those of the next token after a position. */
export type Objective =
  /** Σ coefficient · z[token]. */
  | { kind: "logits"; terms: readonly { position: number; token: number; coefficient: number }[] }
  /** log P − log(1 − P), where P is the summed probability of the tokens. */
  | { kind: "log_odds"; position: number; tokens: readonly number[] }
  /** Σ log p[token]: the score of a sequence. */
  | { kind: "log_probability"; terms: readonly { position: number; token: number }[] }
  /** log Σ exp z[token]. */
  | { kind: "log_sum_exp"; position: number; tokens: readonly number[] }
  /** KL(reference ‖ p), in nats. `reference` [vocab] holds log probabilities; -Infinity is allowed. */
  | { kind: "kl"; position: number; reference: Float32Array<ArrayBuffer> }
  /** The product of `vector` [d] with the residual stream at a site, after the site's edits. */
  | { kind: "residual"; at: Site; position: number; vector: Float32Array<ArrayBuffer> };

export type LogitObjective = Exclude<Objective, { kind: "residual" }>;

/** Sizes of a model and of one of its inputs. */
export interface ObjectiveSizes {
  tokens: number;
  vocab: number;
  hidden: number;
  layers: number;
}

/** The positions whose logits an objective reads, each once. */
export function logitPositions(objective: Objective): readonly number[] {
  switch (objective.kind) {
    case "logits":
    case "log_probability":
      return [...new Set(objective.terms.map(({ position }) => position))];
    case "log_odds":
    case "log_sum_exp":
    case "kl":
      return [objective.position];
    case "residual":
      return [];
  }
}

/**
 * The part of an objective that one position contributes. The value of an objective is the sum of its parts.
 * @param position one of the objective's `logitPositions`
 * @param logits the logits after this position, [vocab]
 * @param cotangent d part / d logits is added to it, [vocab]
 */
export function throughLogits(
  objective: LogitObjective,
  position: number,
  logits: Float32Array,
  cotangent: Float32Array,
): number {
  switch (objective.kind) {
    case "logits": {
      let sum = 0;
      for (const { position: own, token, coefficient } of objective.terms) {
        if (own !== position) continue;
        cotangent[token]! += coefficient;
        sum += coefficient * logits[token]!;
      }
      return sum;
    }
    case "log_probability": {
      const normalizer = logSumExp(logits);
      let sum = 0;
      for (const { position: own, token } of objective.terms) {
        if (own !== position) continue;
        addSoftmax(cotangent, logits, normalizer, -1);
        cotangent[token]! += 1;
        sum += logits[token]! - normalizer;
      }
      return sum;
    }
    case "log_sum_exp":
      return throughTokens(objective.tokens, logits, cotangent);
    case "log_odds": {
      // log P − log(1 − P) is the log-sum-exp of the tokens minus that of all other tokens.
      const chosen = new Set(objective.tokens);
      const rest = logits.map((value, token) => (chosen.has(token) ? -Infinity : value));
      const others = logSumExp(rest);
      addSoftmax(cotangent, rest, others, -1);
      return throughTokens(objective.tokens, logits, cotangent) - others;
    }
    case "kl": {
      const normalizer = logSumExp(logits);
      let [sum, total] = [0, 0];
      objective.reference.forEach((log, token) => {
        const p = Math.exp(log);
        if (p === 0) return;
        sum += p * (log - (logits[token]! - normalizer));
        total += p;
        cotangent[token]! -= p;
      });
      addSoftmax(cotangent, logits, normalizer, total);
      return sum;
    }
  }
}

/** log Σ exp over chosen tokens; adds its gradient to the cotangent. */
function throughTokens(tokens: readonly number[], logits: Float32Array, cotangent: Float32Array): number {
  const chosen = Float32Array.from(tokens, (token) => logits[token]!);
  const sum = logSumExp(chosen);
  tokens.forEach((token, i) => (cotangent[token]! += Math.exp(chosen[i]! - sum)));
  return sum;
}

function logSumExp(values: Float32Array): number {
  let highest = -Infinity;
  for (const value of values) if (value > highest) highest = value;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - highest);
  return highest + Math.log(sum);
}

/** Adds factor · softmax(logits). @param normalizer the log-sum-exp of the logits */
function addSoftmax(into: Float32Array, logits: Float32Array, normalizer: number, factor: number): void {
  for (let i = 0; i < logits.length; i++) into[i]! += factor * Math.exp(logits[i]! - normalizer);
}

/** The sum of a reference's probabilities may differ from 1 by this: float32 log probabilities over a large vocabulary. */
const referenceTolerance = 1e-3;

/** @throws FathomError naming the part that does not fit */
export function checkObjective(objective: Objective, sizes: ObjectiveSizes): void {
  const where = `objective ${objective.kind}`;
  const within = (what: string, value: number, count: number) => {
    if (!Number.isInteger(value) || value < 0 || value >= count)
      throw badInput(where, `a ${what} from 0 to ${count - 1}`, String(value));
  };
  switch (objective.kind) {
    case "logits":
    case "log_probability":
      if (objective.terms.length === 0) throw badInput(where, "at least one term", "none");
      for (const { position, token } of objective.terms) {
        within("position", position, sizes.tokens);
        within("token", token, sizes.vocab);
      }
      return;
    case "log_odds":
    case "log_sum_exp": {
      const { position, tokens } = objective;
      within("position", position, sizes.tokens);
      for (const token of tokens) within("token", token, sizes.vocab);
      const distinct = new Set(tokens).size;
      if (distinct !== tokens.length)
        throw badInput(where, "each token once", `${tokens.length - distinct} repeated`);
      const most = objective.kind === "log_odds" ? sizes.vocab - 1 : sizes.vocab;
      if (distinct === 0 || distinct > most) throw badInput(where, `1 to ${most} tokens`, String(distinct));
      return;
    }
    case "kl": {
      within("position", objective.position, sizes.tokens);
      const { reference } = objective;
      if (reference.length !== sizes.vocab)
        throw badInput(where, `${sizes.vocab} log probabilities`, String(reference.length));
      const sum = reference.reduce((total, log) => total + Math.exp(log), 0);
      if (!(Math.abs(sum - 1) <= referenceTolerance))
        throw badInput(where, "log probabilities whose probabilities sum to 1", `a sum of ${sum}`);
      return;
    }
    case "residual": {
      const { at, position, vector } = objective;
      within("position", position, sizes.tokens);
      checkSite(where, at, sizes.layers);
      if (vector.length !== sizes.hidden)
        throw badInput(where, `a vector of ${sizes.hidden} numbers`, String(vector.length));
    }
  }
}

/** @throws FathomError for a block that does not exist, or an embed that is not at layer 0 */
export function checkSite(where: string, { layer, site }: Site, layers: number): void {
  const last = site === "embed" ? 0 : layers - 1;
  if (!Number.isInteger(layer) || layer < 0 || layer > last)
    throw badInput(where, last === 0 ? "layer 0 for embed" : `a layer from 0 to ${last}`, String(layer));
}
