/**
 * Fingerprints of the prompts that an SAE's contrastive term was trained on. The SAE's file holds them, so that the same
 * prompts are never scored with that SAE.
 */
import { badInput } from "../../core/errors.ts";
import { hashText } from "../../core/hash.ts";
import type { Prompt } from "../../core/records/prompt.ts";

/** Hex digits kept of a SHA-256. In a set of a million prompts, the chance that two share them is one in forty million. */
const digits = 16;

/** Depends on the prompt's text only; case and the amount of white space make no difference. */
export function fingerprintOf({ prompt }: Pick<Prompt, "prompt">): string {
  const text = prompt.normalize("NFC").trim().replace(/\s+/gu, " ").toLowerCase();
  return hashText(text).slice(0, digits);
}

/** @returns null if the file has no list @throws FathomError if the value is not a list of fingerprints */
export function readFingerprints(raw: unknown, where: string): readonly string[] | null {
  if (raw === undefined || raw === null) return null;
  const pattern = new RegExp(`^[0-9a-f]{${digits}}$`);
  if (!Array.isArray(raw) || !raw.every((item) => typeof item === "string" && pattern.test(item)))
    throw badInput(where, `a list of fingerprints of ${digits} hex digits`, JSON.stringify(raw).slice(0, 80));
  return raw as string[];
}

/** @throws FathomError if the SAE's contrastive term was trained on any of the prompts to be scored */
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

/**
 * A file beside an SAE: the prompts of its domain's set that are safe to score with it. The term was trained neither on
 * them nor on any prompt matched with them.
 */
export const unseenName = "unseen-prompts.jsonl";
