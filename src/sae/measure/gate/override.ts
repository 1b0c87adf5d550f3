/** An SAE that is used although the load gate refused it: what every output then says. */
import type { GateResult } from "./gate.ts";

/** Said with each number that rests on its features. */
export const overrideCaveat = "The SAE behind this failed the load gate and was used all the same.";

/** Why the gate is closed: the sentences of the checks that failed. */
export function failures({ checks }: GateResult): string[] {
  return checks.filter(({ status }) => status === "fail").map(({ sentence }) => sentence);
}

/** Said once an output, where it is seen first. @param name of the SAE */
export function overrideSentence(name: string, gate: GateResult): string {
  const mistake = gate.mistake === null ? "" : ` ${gate.mistake.sentence}`;
  return (
    `The SAE ${name} was used although the load gate failed, because --allow-failed was given. ` +
    `What failed: ${failures(gate).join(" ")}${mistake}`
  );
}
