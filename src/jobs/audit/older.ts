/**
 * The findings of a run of an older format, made again from its records. What was seen through an SAE needs that SAE's
 * features, which no run holds: those findings are kept as they are stored, and get what the format lacks.
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
 * @param stored in the run's findings.json @param path of that file
 * @returns in the order in which they are stored, then what that version did not say
 * @throws FathomError when a stored finding is none that these records can have
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
