import { expect, it } from "vitest";
import type { TokenRole } from "../../../core/records/anatomy/features.ts";
import { firingRoles } from "./firing-roles.ts";
import type { Stage } from "./stage.ts";

it("averages over the tokens of a role in each prompt, and then over the prompts", () => {
  const roles: TokenRole[][] = [
    ["bos", "template", "user", "user", "template"],
    ["bos", "template", "user", "template"],
  ];
  const stage = {
    subject: { prompts: [{ cluster: "a" }, { cluster: "b" }] } as unknown as Stage["subject"],
    roles: (prompt: number) => roles[prompt]!,
    level: 0.95,
  };
  const found = firingRoles(stage, [
    { prompt: 0, activations: Float32Array.of(9, 0, 2, 0, 1, 4) },
    { prompt: 1, activations: Float32Array.of(9, 0, 0, 0) },
  ]);
  expect(
    found.map(({ role, tokens, active, mean }) => [role, tokens, active.estimate, mean.estimate]),
  ).toEqual([
    ["bos", 2, 1, 9],
    ["user", 3, 0.25, 0.5],
    ["template", 4, 0.25, 0.25],
    ["response", 1, 1, 4],
  ]);
  // Only one prompt has tokens of an answer.
  expect(found.map(({ active }) => active.n)).toEqual([2, 2, 2, 1]);
  expect(found[3]!.active.interval).toBeNull();
});
