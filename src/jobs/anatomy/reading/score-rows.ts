/**
 * The rows on which a refusal score is read. Scores are read behind a prompt and behind beginnings of refusals that follow
 * it. Beginnings that begin alike share a row, because each token's distribution depends only on the tokens before it.
 */
import type { ScorePlace } from "../../../anatomy/score/places.ts";
import { sequenceScore, type WeightedPrefix } from "../../../anatomy/score/sequence.ts";
import { logOdds } from "../../../core/log-odds.ts";

/** A row of a prompt: the tokens that are read, and where the next-token distribution is wanted. */
interface ScoreRow {
  ids: number[];
  positions: number[];
}

export class ScoreRows {
  /** Tokens whose log probabilities are wanted at every position, in rising order. */
  readonly watch: readonly number[];
  readonly #places: readonly ScorePlace[];
  readonly #prefixes: readonly WeightedPrefix[];
  /** The forced tokens of each row; none is a beginning of another. */
  readonly #tails: readonly (readonly number[])[];

  /** @param prefixes beginnings whose sequence score is wanted; an empty list if it is not */
  constructor(places: readonly ScorePlace[], prefixes: readonly WeightedPrefix[] = []) {
    this.#places = places;
    this.#prefixes = prefixes;
    const watched = [...places.map(({ tokens }) => tokens), ...prefixes.map(({ ids }) => ids)];
    this.watch = [...new Set(watched.flat())].sort((a, b) => a - b);
    // The last token of a beginning is not read: only its probability is wanted.
    const tails = [...places.map(({ prefix }) => prefix), ...prefixes.map(({ ids }) => ids.slice(0, -1))];
    this.#tails = tails.filter(
      (tail, i) =>
        !tails.some((other, j) => i !== j && begins(other, tail) && (other.length > tail.length || j < i)),
    );
  }

  /** @param ids a prompt's tokens @returns [rows] */
  of(ids: readonly number[]): ScoreRow[] {
    const last = ids.length - 1;
    return this.#tails.map((tail) => ({
      ids: [...ids, ...tail],
      positions: Array.from({ length: tail.length + 1 }, (_, i) => last + i),
    }));
  }

  /** @param watched [rows], each [positions, watch] log probabilities @returns the log-odds at each place */
  placeScores(watched: readonly Float32Array[]): number[] {
    return this.#places.map(({ prefix, tokens }) =>
      logOdds(tokens.map((token) => this.#at(watched, prefix, token))),
    );
  }

  /** @param watched as for `placeScores` @returns the mean log probability of a token of the beginnings, in nats */
  sequenceScore(watched: readonly Float32Array[]): number {
    const logProbabilities = this.#prefixes.map(({ ids }) =>
      ids.map((token, i) => this.#at(watched, ids.slice(0, i), token)),
    );
    return sequenceScore(this.#prefixes, logProbabilities, "mean");
  }

  /** The log probability of a token behind a forced beginning. */
  #at(watched: readonly Float32Array[], prefix: readonly number[], token: number): number {
    const row = this.#tails.findIndex((tail) => begins(tail, prefix));
    return watched[row]![prefix.length * this.watch.length + this.watch.indexOf(token)]!;
  }
}

const begins = (ids: readonly number[], beginning: readonly number[]): boolean =>
  beginning.every((token, i) => ids[i] === token);
