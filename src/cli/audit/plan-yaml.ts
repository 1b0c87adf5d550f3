/** `--dry-run --yaml`: the plan as a file that `fathom audit` reads, every choice stated, with help for editors in its first line. */
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { Document, isScalar, visit } from "yaml";
import { published, publishedCategories } from "../../audit/features/published-categories.ts";
import { canonicalJson } from "../../core/hash.ts";
import type { AuditPlan } from "../../jobs/audit/plan.ts";

/** This file is src/cli/audit/ in a checkout and dist/cli/audit/ in the package: the root is three folders up in both. */
const schema = new URL("../../../schemas/audit.schema.json", import.meta.url);

/** @param out the run's directory, where one is named @param cwd that the plan's paths are relative to */
export function planYaml(plan: AuditPlan, out: string | null, cwd: string): string {
  const isPublished = canonicalJson([...plan.categories]) === canonicalJson([...publishedCategories]);
  const document = new Document({
    ...plan,
    ...(isPublished ? { categories: published } : {}),
    ...(out === null ? {} : { out }),
  });
  visit(document, {
    Seq(_key, list) {
      if (list.items.every(isScalar)) list.flow = true;
    },
  });
  return [
    `# yaml-language-server: $schema=${schemaFrom(cwd)}`,
    "# Every choice of the audit. Paths are relative to the folder that the command ran in: keep the file there.",
    document.toString({ lineWidth: 0, flowCollectionPadding: false }),
  ].join("\n");
}

/**
 * Where an editor finds the schema: a path from the plan where the package is installed below it, so that the plan means
 * the same on the next machine; else the file's URL, since nobody serves the schemas on a site.
 */
function schemaFrom(cwd: string): string {
  const path = relative(cwd, fileURLToPath(schema)).split(sep).join("/");
  // The editor reads up to the first space, and takes what is behind # for a part of the file.
  return /^\.\.|^\/|^[A-Za-z]:|[\s#]/.test(path) ? schema.href : path;
}
