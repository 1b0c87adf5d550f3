/** The figures that Fathom writes into an SAE's metadata after training, and reads back for the load gate. */
import { badInput } from "../../core/errors.ts";
import { nothingStated, type Stated } from "./sae.ts";

const names = {
  varianceExplained: "variance_explained",
  meanL0: "mean_l0",
  deadShare: "dead_share",
  meanNorm: "mean_norm",
} as const satisfies Record<keyof Stated, string>;

/** @param raw the `fathom` member of an SAE's metadata; undefined if another program wrote the file */
export function readStated(raw: unknown, where: string): Stated {
  const written = (raw ?? {}) as Readonly<Record<string, unknown>>;
  const stated = { ...nothingStated };
  for (const [field, name] of Object.entries(names) as [keyof Stated, string][]) {
    const value = written[name] ?? null;
    if (value !== null && (typeof value !== "number" || !Number.isFinite(value)))
      throw badInput(`${where} ${name}`, "a number", JSON.stringify(value));
    stated[field] = value;
  }
  return stated;
}

export function writeStated(stated: Stated): Record<string, number> {
  const written: Record<string, number> = {};
  for (const [field, name] of Object.entries(names) as [keyof Stated, string][]) {
    const value = stated[field];
    if (value !== null) written[name] = value;
  }
  return written;
}
