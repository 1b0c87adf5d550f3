/** An SAE's file says which prompts its term was trained on. An audit that would score one of them is refused. */
import { expect, it, test } from "vitest";
import type { Prompt } from "../../core/records/prompt.ts";
import { fingerprintOf, readFingerprints, requireUnseen } from "./fingerprint.ts";

const asked = (id: string, prompt: string) => ({ id, prompt }) as Prompt;
const river = asked("river", "What is a river?");
const boat = asked("boat", "What is a boat?");

it("is the same for the same words in another case or with other white space", () => {
  expect(fingerprintOf(asked("other id", "  what is\n a RIVER? "))).toBe(fingerprintOf(river));
  expect(fingerprintOf(boat)).not.toBe(fingerprintOf(river));
});

it("refuses prompts that were trained on, and no others", () => {
  const sae = { path: "my-sae", trainedOnPrompts: [fingerprintOf(river)] };
  expect(() => {
    requireUnseen(sae, [boat, river]);
  }).toThrow(
    /^my-sae: expected .* found 1 of 2 that it was trained on, "river" first.*unseen-prompts\.jsonl/,
  );
  for (const trainedOnPrompts of [sae.trainedOnPrompts, null, undefined])
    expect(() => {
      requireUnseen({ path: "my-sae", ...(trainedOnPrompts === undefined ? {} : { trainedOnPrompts }) }, [
        boat,
      ]);
    }).not.toThrow();
});

it("reads back what it writes", () => {
  const written = [fingerprintOf(river), fingerprintOf(boat)];
  expect(readFingerprints(written, "cfg.json")).toEqual(written);
  expect(readFingerprints(undefined, "cfg.json")).toBeNull();
});

test.each([["a text"], [7], [{}], [["0123456789abcde"]], [["0123456789ABCDEF"]], [[1]]])(
  "refuses %j",
  (raw) => {
    expect(() => readFingerprints(raw, "cfg.json")).toThrow(/cfg\.json: expected a list of fingerprints/);
  },
);
