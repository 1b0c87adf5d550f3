/**
 * `--dry-run --yaml`: prints the plan as a file that `fathom audit` reads. The file states every choice. Its first line names the
 * JSON Schema for editors.
 */
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { Document, isScalar, visit } from "yaml";
import { published, publishedCategories } from "../../audit/features/published-categories.ts";
import { canonicalJson } from "../../core/hash.ts";
import type { AuditPlan } from "../../jobs/audit/plan.ts";

/** This file lies in src/cli/audit/ of a checkout and in dist/cli/audit/ of the package. The root is three folders up in both. */
const schema = new URL("../../../schemas/audit.schema.json", import.meta.url);

/** @param out the run's directory, or null @param cwd the folder that the plan's paths are relative to */
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
 * Where an editor finds the schema. If the package is installed below the plan's folder, this is a relative path, so that the
 * plan also works on another machine. Otherwise it is the URL of the file, because no site serves the schemas.
 */
function schemaFrom(cwd: string): string {
  const path = relative(cwd, fileURLToPath(schema)).split(sep).join("/");
  // The editor reads up to the first space, and takes the text after # for a place in the file.
  return /^\.\.|^\/|^[A-Za-z]:|[\s#]/.test(path) ? schema.href : path;
}
