/** One check of the load gate: the value found, the bound it is compared with, and a sentence that states both. */

export interface GateCheck {
  name:
    | "width"
    | "site"
    | "model"
    | "variance explained"
    | "mean L0"
    | "dead features"
    | "activation norm"
    | "threshold"
    | "reading"
    | "cross-entropy recovered";
  /** "undetermined": there is no bound to compare with, or too few data. It does not close the gate. */
  status: "pass" | "fail" | "undetermined";
  found: number | string;
  /** null if there is no bound. */
  bound: { least: number | null; most: number | null; from: "declared" | "stated by the SAE" } | null;
  sentence: string;
}

/** null means no limit. */
type Limits = { least: number | null; most: number | null };

/** Compares a number with what the SAE states, else with the declared limits. Undetermined if there are neither. */
export function compare(
  name: GateCheck["name"],
  found: number,
  {
    declared,
    stated,
    about,
    tooFew,
  }: { declared: Limits | null; stated: Limits | null; about: string; tooFew?: string },
): GateCheck {
  const limits = stated ?? declared;
  const sentence = `${name}: ${shown(found)} ${about}`;
  if (limits === null)
    return {
      name,
      status: "undetermined",
      found,
      bound: null,
      sentence: `${sentence}; the SAE states none.`,
    };
  const bound = { ...limits, from: stated === null ? "declared" : "stated by the SAE" } as const;
  const range = [
    limits.least === null ? "" : `at least ${shown(limits.least)}`,
    limits.most === null ? "" : `at most ${shown(limits.most)}`,
  ].filter((part) => part !== "");
  const told = `${sentence}; ${range.join(" and ")} (${bound.from})`;
  if (tooFew !== undefined)
    return { name, status: "undetermined", found, bound, sentence: `${told}; not judged: ${tooFew}.` };
  // Written so that NaN fails.
  const inside =
    (limits.least === null || found >= limits.least) && (limits.most === null || found <= limits.most);
  return { name, status: inside ? "pass" : "fail", found, bound, sentence: `${told}.` };
}

/** A number to three significant digits. */
export function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}
