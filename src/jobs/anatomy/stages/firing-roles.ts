/** On tokens of which roles a feature fires: a feature of the template's tokens is another thing than one of the user's words. */
import { type TokenRole, tokenRoles } from "../../../core/records/anatomy/features.ts";
import { mean } from "../../../stats/summary.ts";
import { type Estimate, meanOf } from "./estimates.ts";
import type { Stage } from "./stage.ts";

/** A feature's activations in one prompt. */
export interface ReadRow {
  prompt: number;
  /** [tokens of the prompt and of the beginning of its answer] */
  activations: Float32Array;
}

export interface FiringRole {
  role: TokenRole;
  tokens: number;
  /** Share of a prompt's tokens of this role that are active, and their mean activation; means over prompts. */
  active: Estimate;
  mean: Estimate;
}

/** @returns the roles that the rows have tokens of */
export function firingRoles(
  stage: Pick<Stage, "subject" | "roles" | "level">,
  rows: readonly ReadRow[],
): FiringRole[] {
  const read = rows.map(({ prompt, activations }) => {
    const roles = stage.roles(prompt);
    const byRole = new Map<TokenRole, number[]>(tokenRoles.map((role) => [role, []]));
    activations.forEach((value, at) => byRole.get(roles[at] ?? "response")!.push(value));
    return { prompt, byRole };
  });
  return tokenRoles.flatMap((role) => {
    const own = read
      .map(({ prompt, byRole }) => ({ prompt, values: byRole.get(role)! }))
      .filter(({ values }) => values.length > 0);
    if (own.length === 0) return [];
    const over = (of: (values: readonly number[]) => number) =>
      meanOf(
        stage,
        own.map(({ prompt }) => prompt),
        own.map(({ values }) => of(values)),
        stage.level,
      );
    return [
      {
        role,
        tokens: own.reduce((sum, { values }) => sum + values.length, 0),
        active: over((values) => values.filter((value) => value !== 0).length / values.length),
        mean: over(mean),
      },
    ];
  });
}
