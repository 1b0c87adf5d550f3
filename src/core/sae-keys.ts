/**
 * How findings, catalogs and reports tell the SAEs of a run apart: by name and layer, e.g. `my-sae@15`.
 */

/** @returns a key each, all different */
export function saeKeys(saes: readonly { name: string; layer: number }[]): string[] {
  const keys = saes.map(({ name, layer }) => `${name.replaceAll(/[\s/]+/g, "-")}@${layer}`);
  return keys.map((key, i) => {
    const before = keys.slice(0, i).filter((other) => other === key).length;
    return before === 0 ? key : `${key}#${before + 1}`;
  });
}
