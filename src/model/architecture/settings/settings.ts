/**
 * Reads a configuration of another program, key by key. A setting that no reader asked for is refused by name at the end,
 * because a model is computed wrongly when one of its settings is ignored. Empty values (null, false, {}, []) are
 * allowed.
 */
import { badInput } from "../../../core/errors.ts";

/** The deepest published models have about 130 layers. */
const mostLayers = 1000;

export class Settings {
  readonly where: string;
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #asked = new Set<string>();

  /** @throws FathomError when `json` is not an object */
  constructor(json: unknown, where: string) {
    if (json === null || typeof json !== "object" || Array.isArray(json))
      throw badInput(
        where,
        "a JSON object",
        json === null ? "null" : Array.isArray(json) ? "an array" : typeof json,
      );
    this.where = where;
    this.#values = new Map(Object.entries(json));
  }

  /**
   * The raw value; undefined when the key is absent. null counts as absent, because files use both for the same thing.
   */
  raw(key: string): unknown {
    this.#asked.add(key);
    return this.#values.get(key) ?? undefined;
  }

  has(key: string): boolean {
    return this.raw(key) !== undefined;
  }

  /** Whether all values are null, or there are none. */
  isEmpty(): boolean {
    return [...this.#values.values()].every((value) => value === null);
  }

  /** These settings, overridden by others key by key. */
  under(over: Settings): Settings {
    const merged = Object.fromEntries([...this.#values, ...over.#values]);
    return new Settings(merged, `${over.where} over ${this.where}`);
  }

  keys(): string[] {
    return [...this.#values.keys()];
  }

  /** Whether the key is written at all, also when its value is null. */
  writes(key: string): boolean {
    return this.#values.has(key);
  }

  /** @throws FathomError when the value is not a positive whole number, or absent without a fallback */
  count(key: string, fallback?: number): number {
    return this.#number(key, fallback, "a positive whole number", (n) => Number.isSafeInteger(n) && n > 0);
  }

  /** @throws FathomError when the value is not a whole number from 0 up, or absent without a fallback */
  wholeNumber(key: string, fallback?: number): number {
    return this.#number(key, fallback, "a whole number", (n) => Number.isSafeInteger(n) && n >= 0);
  }

  /** @throws FathomError when the value is not a list of positive numbers */
  positives(key: string): number[] {
    const value = this.raw(key);
    const ok = (n: unknown) => typeof n === "number" && Number.isFinite(n) && n > 0;
    if (!Array.isArray(value) || !value.every(ok)) throw this.wrong(key, "a list of positive numbers", value);
    return value as number[];
  }

  /** The number of blocks. The limit bounds the work that is done per block. @throws FathomError above a thousand */
  depth(key: string, fallback?: number): number {
    const layers = this.count(key, fallback);
    if (layers > mostLayers) throw this.wrong(key, `at most ${mostLayers} layers`, layers);
    return layers;
  }

  /** @throws FathomError when the value is not a positive number, or absent without a fallback */
  positive(key: string, fallback?: number): number {
    return this.#number(key, fallback, "a positive number", (n) => Number.isFinite(n) && n > 0);
  }

  /** @throws FathomError when the value is neither a positive number nor null */
  positiveOrNull(key: string): number | null {
    return this.has(key) ? this.positive(key) : null;
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.raw(key) ?? fallback;
    if (typeof value !== "boolean") throw this.wrong(key, "true or false", value);
    return value;
  }

  text(key: string, fallback?: string): string {
    const value = this.raw(key) ?? fallback;
    if (typeof value !== "string") throw this.wrong(key, "a text", value);
    return value;
  }

  /** The settings below a key. @throws FathomError when the value is not an object */
  nested(key: string): Settings {
    return new Settings(this.raw(key) ?? null, `${this.where} "${key}"`);
  }

  /**
   * A setting for which Fathom computes only the given values.
   * @throws FathomError naming it when it has another value
   */
  only(key: string, ...supported: (string | number | boolean)[]): void {
    const value = this.raw(key);
    if (value !== undefined && !supported.includes(value as string))
      throw this.wrong(key, supported.map((one) => JSON.stringify(one)).join(" or "), value);
  }

  /** Keys that describe the model and do not change the computation. */
  inert(keys: Iterable<string>): void {
    for (const key of keys) this.#asked.add(key);
  }

  /** @throws FathomError naming the first setting that no reader asked for and that is not empty */
  finish(): void {
    for (const [key, value] of this.#values)
      if (!this.#asked.has(key) && !isEmpty(value))
        throw badInput(
          `${this.where} "${key}"`,
          "only settings that Fathom computes",
          show(value),
          "a checkpoint without it; it is refused because ignoring it could change every result",
        );
  }

  wrong(key: string, expected: string, found: unknown): Error {
    return badInput(`${this.where} "${key}"`, expected, show(found));
  }

  #number(key: string, fallback: number | undefined, expected: string, ok: (n: number) => boolean): number {
    const value = this.raw(key) ?? fallback;
    if (typeof value !== "number" || !ok(value)) throw this.wrong(key, expected, value);
    return value;
  }
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? String(item) : item));
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
