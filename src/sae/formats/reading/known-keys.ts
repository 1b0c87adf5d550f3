/**
 * What a configuration may say. A setting that is passed over may change what is computed without a word, so every key is read,
 * held to what is computed here, or known to change nothing, for a reason; any other is refused by name.
 */
import { badInput } from "../../../core/errors.ts";
import { type Fields, shown } from "./fields.ts";

/** Keys of which one value is computed here, and what another would ask for; absent and null say nothing. */
export type Only = Readonly<Record<string, { is: unknown; else: string }>>;

export interface Settings {
  /** Keys that the format's reader reads itself, apart by spaces. */
  read: string;
  only?: Only;
  /** Keys that change nothing that is computed, apart by spaces, under the reason why. */
  inert: Readonly<Record<string, string>>;
}

/** Why most keys change nothing. */
export const because = {
  trained: "how it was trained: the weights are what came of it",
  begun: "how its weights began",
  data: "which texts and tokens it was trained on; here others are read",
  machine: "where and how fast it was computed, in which precision; here float32",
  watched: "what was logged and kept of the training",
} as const;

/** @throws FathomError naming the first key that is not known and says something, or whose value asks for something else */
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

/** @throws FathomError naming the first key whose value asks for something that is not computed here */
export function requireOnly(fields: Fields, where: string, only: Only): void {
  for (const [key, rule] of Object.entries(only)) {
    const value = fields[key] ?? null;
    if (value !== null && value !== rule.is)
      throw badInput(`${where} ${key}`, shown(rule.is), `${shown(value)}: ${rule.else}`);
  }
}
