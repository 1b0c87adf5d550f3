/** The plan of an audit: options over the plan file over the defaults, so that every choice ends up stated. */
import { badInput } from "../../core/errors.ts";
import { namedCategories } from "../../jobs/audit/categories.ts";
import { type AuditPlan, type NamedSae, pathOfSae, planSchema, readPlanFile } from "../../jobs/audit/plan.ts";
import { auditDefaults } from "../options/defaults.ts";
import type { AuditOptions } from "./options.ts";

export interface Asked {
  plan: AuditPlan;
  /** The run's directory; null where neither options nor file name one. */
  out: string | null;
}

/** @throws FathomError for a plan file that is wrong, and when model or prompts are not named anywhere */
export function planOf(planFile: string | undefined, options: AuditOptions): Asked {
  const { out: fileOut, ...file } = planFile === undefined ? {} : readPlanFile(planFile);
  const given = withoutUndefined({
    model: options.model,
    adapter: options.adapter,
    precision: options.precision,
    device: options.device,
    fidelity: options.fidelity,
    fidelity_bound: options.fidelityBound,
    prompts: options.prompts,
    sae: options.sae,
    pooling: options.pooling,
    allow_failed: options.allowFailed,
    categories: options.categories,
    projection: options.projection,
    templates: options.templates,
    caps: options.caps,
    seeds: options.seeds,
    temperature: options.temperature,
    system: options.system,
    framings: options.framings,
    limit: options.limit,
    layer: options.layer,
    batch_size: options.batchSize,
    seed: options.seed,
    show_text: options.showText,
  });
  const { categories, ...merged } = { ...auditDefaults, ...file, ...given };
  if (options.k !== undefined) merged.sae = [withK(merged.sae ?? [], options.k)];
  for (const key of ["model", "prompts"] as const) {
    if (merged[key] === undefined)
      throw badInput(`--${key}`, "a value, here or in a plan file", "none", "fathom audit --help");
  }
  const result = planSchema.safeParse({
    ...merged,
    categories: typeof categories === "string" ? namedCategories(categories) : categories,
  });
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw badInput(`plan ${issue.path.join(".")}`, issue.message, "something else", "fathom audit --help");
  }
  const { precision, fidelity } = result.data;
  if (fidelity && precision === "fp32")
    throw badInput("--fidelity", "--precision int8 or int4, to be compared with fp32", "fp32");
  const caps = result.data.caps.toSorted((a, b) => a - b);
  const twice = caps.find((cap, i) => cap === caps[i + 1]);
  if (twice !== undefined) throw badInput("plan caps", "each cap once", `${twice} twice`);
  return { plan: { ...result.data, caps }, out: options.out ?? fileOut ?? null };
}

/** --k speaks of the one SAE that there is; which of several it means, only a plan can say. */
function withK(saes: readonly NamedSae[], k: number): NamedSae {
  const [one, second] = saes;
  if (one === undefined || second !== undefined)
    throw badInput(
      "--k",
      "one SAE, whose k it is",
      `${saes.length}`,
      "sae: [{path: …, k: …}] in a plan file",
    );
  return { path: pathOfSae(one), k };
}

/** Every schema below takes a key's absence, not its being undefined. */
function withoutUndefined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
