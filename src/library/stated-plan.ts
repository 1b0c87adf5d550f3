/** Makes the plan of an audit from the given choices. Defaults fill in the others, so that every choice is stated. */
import { badInput } from "../core/errors.ts";
import { namedCategories } from "../jobs/audit/categories/plan-categories.ts";
import { type AuditPlan, type PlanFile, planSchema } from "../jobs/audit/plan.ts";
import { statedJudge } from "../jobs/judges/judge-plan.ts";
import { type AuditDefaults, auditDefaults, judgeDefaults } from "./defaults.ts";
import { requireFitting } from "./fitting-choices.ts";

/** How messages name a choice: as an option for a person, or as a key for a program. */
interface Speech {
  said: (key: string) => string;
  /** Where else the choice could be stated. */
  elsewhere: string;
  hint: string;
}

/** @throws FathomError for a choice that is missing or out of range, and for choices that do not go together */
export function statedPlan(asked: PlanFile, { said, elsewhere, hint }: Speech): AuditPlan {
  const defaults: AuditDefaults = { ...auditDefaults, ...ownDefaults(asked) };
  requireFitting(asked, defaults, said);
  const { categories, judges, ...rest } = { ...defaults, ...asked };
  const { answers } = rest;
  for (const key of ["model", "prompts"] as const) {
    if (rest[key] != null) continue;
    if (answers === null) throw badInput(said(key), `a value, ${elsewhere}`, "none", hint);
    rest[key] = null;
  }
  const result = planSchema.safeParse({
    ...rest,
    judges: (judges ?? auditDefaults.judges).map((judge) =>
      statedJudge(judge, judgeDefaults, said("judges")),
    ),
    categories: typeof categories === "string" ? namedCategories(categories) : categories,
  });
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw badInput(`plan ${issue.path.join(".")}`, issue.message, "something else", hint);
  }
  const { precision, fidelity } = result.data;
  if (fidelity && precision === "fp32")
    throw badInput(said("fidelity"), `${said("precision")} int8 or int4, to be compared with fp32`, "fp32");
  const caps = risingOnce("caps", "cap", result.data.caps);
  const prefill_tokens = risingOnce("prefill_tokens", "number", result.data.prefill_tokens);
  if (answers === null && caps.length === 0)
    throw badInput(said("caps"), "at least one cap", "none", "they may be left out");
  return { ...result.data, caps, prefill_tokens } as AuditPlan;
}

/**
 * Other defaults where no checkpoint is asked: there is one template and no answer that Fathom begins, and recorded answers cannot be
 * cut at caps.
 */
function ownDefaults({ answers, endpoint }: PlanFile): Partial<AuditDefaults> {
  if (answers == null && endpoint == null) return {};
  return { templates: ["chat"], prefill_tokens: [0], ...(answers == null ? {} : { caps: [] }) };
}

function risingOnce(key: string, one: string, numbers: readonly number[]): number[] {
  const rising = numbers.toSorted((a, b) => a - b);
  const twice = rising.find((number, i) => number === rising[i + 1]);
  if (twice !== undefined) throw badInput(`plan ${key}`, `each ${one} once`, `${twice} twice`);
  return rising;
}

/** Leaves out the keys whose value is undefined: a schema accepts a missing key, but not undefined. */
export function withoutUndefined<T extends object>(said: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
