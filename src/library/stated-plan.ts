/** From what is asked of an audit to its plan: the defaults where nothing is said, so that every choice ends up stated. */
import { badInput } from "../core/errors.ts";
import { type AuditPlan, type PlanFile, planSchema } from "../jobs/audit/plan.ts";
import { namedCategories } from "../jobs/audit/plan-categories.ts";
import { auditDefaults } from "./defaults.ts";

/** How messages speak to whoever asks: a person with options, or a program with keys. */
interface Speech {
  said: (key: string) => string;
  /** Where else it could be said. */
  elsewhere: string;
  hint: string;
}

/** @throws FathomError for what is missing, out of range, or cannot be asked together */
export function statedPlan(asked: PlanFile, { said, elsewhere, hint }: Speech): AuditPlan {
  const { categories, ...rest } = { ...auditDefaults, ...asked };
  for (const key of ["model", "prompts"] as const)
    if (rest[key] === undefined) throw badInput(said(key), `a value, ${elsewhere}`, "none", hint);
  const result = planSchema.safeParse({
    ...rest,
    categories: typeof categories === "string" ? namedCategories(categories) : categories,
  });
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw badInput(`plan ${issue.path.join(".")}`, issue.message, "something else", hint);
  }
  const { precision, fidelity } = result.data;
  if (fidelity && precision === "fp32")
    throw badInput(said("fidelity"), `${said("precision")} int8 or int4, to be compared with fp32`, "fp32");
  const caps = result.data.caps.toSorted((a, b) => a - b);
  const twice = caps.find((cap, i) => cap === caps[i + 1]);
  if (twice !== undefined) throw badInput("plan caps", "each cap once", `${twice} twice`);
  return { ...result.data, caps };
}

/** A key that is undefined is one that was left out: every schema takes the one and not the other. */
export function withoutUndefined<T extends object>(said: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
