/** The sentences that every output states about an SAE that is used although the load gate refused it. */
import type { GateResult } from "./gate.ts";

/** Stated with each number that depends on the SAE's features. */
export const overrideCaveat = "The SAE behind this failed the load gate and was used all the same.";

/** The sentences of the checks that failed: the reasons why the gate is closed. */
export function failures({ checks }: GateResult): string[] {
  return checks.filter(({ status }) => status === "fail").map(({ sentence }) => sentence);
}

/** Stated once per output, where a reader sees it first. @param name of the SAE */
export function overrideSentence(name: string, gate: GateResult): string {
  const mistake = gate.mistake === null ? "" : ` ${gate.mistake.sentence}`;
  return (
    `The SAE ${name} was used although the load gate failed, because --allow-failed was given. ` +
    `What failed: ${failures(gate).join(" ")}${mistake}`
  );
}
