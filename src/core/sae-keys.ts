/** Keys by which findings, catalogs and reports name the SAEs of a run: name and layer, e.g. `my-sae@15`. */

/** @returns one key per SAE, all different */
export function saeKeys(saes: readonly { name: string; layer: number }[]): string[] {
  const keys = saes.map(({ name, layer }) => `${name.replaceAll(/[\s/]+/g, "-")}@${layer}`);
  return keys.map((key, i) => {
    const before = keys.slice(0, i).filter((other) => other === key).length;
    return before === 0 ? key : `${key}#${before + 1}`;
  });
}
