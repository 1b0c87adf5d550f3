/** Binds a call's arguments to parameters as Python does: by position, then by name. Other arguments are refused. */
import { TemplateProblem } from "./budget.ts";
import type { CallArguments, Value } from "./values.ts";

/**
 * @returns one value per parameter; undefined when the call gives none
 * @throws TemplateProblem naming an argument that the function does not take, or one that is missing
 */
export function bind(
  { positional, named }: CallArguments,
  what: string,
  parameters: readonly string[],
  required = 0,
): (Value | undefined)[] {
  if (positional.length > parameters.length)
    throw new TemplateProblem(`${positional.length} arguments for ${what}, which takes ${parameters.length}`);
  for (const name of named.keys()) {
    const at = parameters.indexOf(name);
    if (at < 0) throw new TemplateProblem(`an argument "${name}" for ${what}`);
    if (at < positional.length) throw new TemplateProblem(`two arguments "${name}" for ${what}`);
  }
  return parameters.map((name, i) => {
    const value = positional[i] ?? (i < positional.length ? null : named.get(name));
    if (value === undefined && i < required) throw new TemplateProblem(`no argument "${name}" for ${what}`);
    return value;
  });
}
