/** Which prompts an SAE's contrastive term was trained on, as its file says it, so that nobody scores the same ones with it. */
import { badInput } from "../../core/errors.ts";
import { hashText } from "../../core/hash.ts";
import type { Prompt } from "../../core/records/prompt.ts";

/** Hex digits kept of a SHA-256: two of a million prompts share them once in forty million sets. */
const digits = 16;

/** Of the text alone, whatever its case and white space. */
export function fingerprintOf({ prompt }: Pick<Prompt, "prompt">): string {
  const text = prompt.normalize("NFC").trim().replace(/\s+/gu, " ").toLowerCase();
  return hashText(text).slice(0, digits);
}

/** @throws FathomError for anything but a list of fingerprints; null where there is none */
export function readFingerprints(raw: unknown, where: string): readonly string[] | null {
  if (raw === undefined || raw === null) return null;
  const pattern = new RegExp(`^[0-9a-f]{${digits}}$`);
  if (!Array.isArray(raw) || !raw.every((item) => typeof item === "string" && pattern.test(item)))
    throw badInput(where, `a list of fingerprints of ${digits} hex digits`, JSON.stringify(raw).slice(0, 80));
  return raw as string[];
}

/** @throws FathomError where an SAE's contrastive term was trained on prompts that are to be scored */
export function requireUnseen(
  sae: { path: string; trainedOnPrompts?: readonly string[] | null },
  prompts: readonly Prompt[],
): void {
  const seen = new Set(sae.trainedOnPrompts ?? []);
  const scored = prompts.filter((prompt) => seen.has(fingerprintOf(prompt)));
  if (scored.length === 0) return;
  throw badInput(
    sae.path,
    "an SAE whose contrastive term was not trained on the prompts to be scored",
    `${scored.length} of ${prompts.length} that it was trained on, ${JSON.stringify(scored[0]!.id)} first`,
    `the ${unseenName} that sae train wrote beside the SAE, or another SAE`,
  );
}

/** Beside an SAE: the prompts of its domain's set that its term was not trained on, nor on any matched with them. */
export const unseenName = "unseen-prompts.jsonl";
