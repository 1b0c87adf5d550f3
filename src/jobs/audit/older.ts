/**
 * Computes the findings of a run of an older format again from its records. Findings through an SAE need the SAE's features,
 * which a run does not store. Those findings are kept as stored, and get the keys that the older format lacks.
 */
import { badInput } from "../../core/errors.ts";
import type { About } from "../../core/records/about.ts";
import type { Finding, OlderFinding } from "../../core/records/finding.ts";
import { identified } from "../../core/records/finding-id.ts";
import type { StoredInside } from "../../core/records/inside.ts";
import { type AnswerRecords, analysed } from "./analysed.ts";
import { type Manifest, restore, runFormat } from "./manifest.ts";

export const isOlder = ({ format }: Manifest): boolean => format < runFormat;

/**
 * @param stored the findings in the run's findings.json @param path the path of that file
 * @returns the findings in the order in which they are stored, then those that the older version did not have
 * @throws FathomError for a stored finding that these records cannot have
 */
export function findingsAgain(
  records: AnswerRecords & { insides: readonly Pick<StoredInside, "sae">[] },
  stored: readonly OlderFinding[],
  path: string,
): Finding[] {
  const not_measured = "not measured: the version of Fathom that made this run did not measure it.";
  const saes = records.insides.filter(({ sae }) => sae !== "");
  const { findings } = analysed(
    records,
    saes.map(({ sae }) => ({ key: sae, features: null, not_measured })),
  );
  const again = new Map(findings.map((finding) => [finding.id, finding]));
  const { categories } = records.manifest.inputs.plan;
  const through = findings.flatMap(({ about }): About[] => {
    if (!("sae" in about)) return [];
    if (about.kind !== "projection_accuracy") return [about];
    return [about, ...categories.map(({ name }) => ({ ...about, category: name }))];
  });
  const kept = new Map(through.map((about) => [identified(about).id, about]));
  const told = stored.map(({ id, ...rest }): Finding => {
    const about = kept.get(id);
    if (about !== undefined) return { ...identified(about), ...rest };
    const finding = again.get(id);
    if (finding !== undefined) return finding;
    throw badInput(
      path,
      "findings on this run's prompts, templates, caps and SAEs",
      `one called ${id}`,
      restore,
    );
  });
  const names = new Set(stored.map(({ id }) => id));
  return [...told, ...findings.filter(({ id }) => !names.has(id))];
}
