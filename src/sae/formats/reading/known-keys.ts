/**
 * Checks the keys of a configuration. An ignored setting could silently change what is computed. So every key must be
 * one of three kinds: read; allowed only with the value that Fathom computes; or known to change nothing, with the
 * reason. Any other key is refused by name.
 */
import { badInput } from "../../../core/errors.ts";
import { type Fields, shown } from "./fields.ts";

/**
 * Keys with only one value that Fathom computes (`is`). `else` says what another value would ask for. Absent and null
 * are allowed.
 */
export type Only = Readonly<Record<string, { is: unknown; else: string }>>;

export interface Settings {
  /** Keys that the format's reader reads itself, separated by spaces. */
  read: string;
  only?: Only;
  /** Keys that change nothing that is computed, separated by spaces. The key of each entry is the reason. */
  inert: Readonly<Record<string, string>>;
}

/** The common reasons why a key changes nothing. */
export const because = {
  trained: "how it was trained: the weights hold the result",
  begun: "how its weights were initialized",
  data: "which texts and tokens it was trained on; Fathom reads others",
  machine: "device, speed and precision of the original computation; Fathom uses float32",
  watched: "what the training logged and kept",
} as const;

/**
 * @throws FathomError that names the first key that is unknown and not null, or whose value asks for something not
 *   computed
 */
export function requireKnown(fields: Fields, where: string, { read, only = {}, inert }: Settings): void {
  const passed = new Set([read, ...Object.values(inert)].flatMap((keys) => keys.split(" ")));
  requireOnly(fields, where, only);
  for (const [key, value] of Object.entries(fields))
    if (value !== null && value !== undefined && !passed.has(key) && !Object.hasOwn(only, key))
      throw badInput(
        `${where} ${key}`,
        "only settings that are known",
        shown(value),
        "take the key out of the file, if it changes nothing that is computed",
      );
}

/** @throws FathomError that names the first key whose value asks for something that Fathom does not compute */
export function requireOnly(fields: Fields, where: string, only: Only): void {
  for (const [key, rule] of Object.entries(only)) {
    const value = fields[key] ?? null;
    if (value !== null && value !== rule.is)
      throw badInput(`${where} ${key}`, shown(rule.is), `${shown(value)}: ${rule.else}`);
  }
}
