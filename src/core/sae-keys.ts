/**
 * How findings, catalogs and reports tell the SAEs of a run apart: by name and layer, e.g. `my-sae@15`. What is said of a
 * run's first SAE has no key in its id; what is said of another has its key before a slash.
 */

/** @returns a key each, all different */
export function saeKeys(saes: readonly { name: string; layer: number }[]): string[] {
  const keys = saes.map(({ name, layer }) => `${name.replaceAll(/[\s/]+/g, "-")}@${layer}`);
  return keys.map((key, i) => {
    const before = keys.slice(0, i).filter((other) => other === key).length;
    return before === 0 ? key : `${key}#${before + 1}`;
  });
}

/** The id of a finding that is about an SAE beside the first. */
export const besideId = (key: string, id: string): string => `${key}/${id}`;

/** The key of the SAE that a finding is about beside the first, and the id without it. */
export function splitId(id: string): { key: string | null; rest: string } {
  const slash = id.indexOf("/");
  return slash < 0 ? { key: null, rest: id } : { key: id.slice(0, slash), rest: id.slice(slash + 1) };
}
