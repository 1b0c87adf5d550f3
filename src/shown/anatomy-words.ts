/** Sentences of an anatomy: its headline, what was searched, and what stands where a section is empty. */
import {
  formatControl,
  formatCount,
  formatFinding,
  formatProbability,
  formatValue,
  listed,
} from "../core/format.ts";
import type { Anatomy } from "../core/records/anatomy.ts";
import type { AnatomyReport } from "../core/records/anatomy-report.ts";
import type { Finding } from "../core/records/finding.ts";
import { featureNames, siteName } from "./anatomy-features.ts";
import { withInterval } from "./anatomy-tables.ts";

/** One claim of the first screen. */
export interface Mark {
  question: string;
  status: Finding["status"];
  verdict: string;
  /** What must be known with it; "" for nothing. */
  rest: string;
  /** The numbers behind it; "" for none. */
  numbers: string;
}

export const outcomeWords: Record<Anatomy["outcome"], string> = {
  found: "Found",
  "not in this dictionary": "Not in this dictionary",
  "only broken text": "Only broken text",
  "no refusal to take apart": "No refusal to take apart",
};

const features = (count: number) => `${count} ${count === 1 ? "feature" : "features"}`;
const rounds = (count: number) => `${count} ${count === 1 ? "round" : "rounds"}`;

/** The first screen: outcome, depth, the smallest set on new prompts beside its controls, the score against judged answers. */
export function headline({ anatomy, only, findings }: AnatomyReport): Mark[] {
  const { minimal_sets, direction, rounds: found } = anatomy;
  const smallest = minimal_sets.indexOf(smallestSet(minimal_sets)!) + 1;
  const ofSet = findings.find(({ about }) => about.kind === "anatomy_minimal_set" && about.set === smallest);
  const ofDirection = findings.find(
    ({ about }) => about.kind === "anatomy_direction" && about.effect === "bypass",
  );
  const judgedP = smallestSet(minimal_sets)?.control?.judged?.p;
  return [
    outcomeMark(anatomy, only),
    ...(found.length === 0 ? [] : [depthMark(anatomy)]),
    ...findingMark(ofSet, judgedP == null ? "" : `p ${formatProbability(judgedP)}`),
    ...(direction === null
      ? []
      : findingMark(ofDirection, `p ${formatProbability(direction.random.bypass.p)}`)),
    ...(anatomy.score === null ? [] : [scoreMark(anatomy.score)]),
  ];
}

function outcomeMark(
  { outcome, reason, minimal_sets, sites, prompts }: Anatomy,
  only: AnatomyReport["only"],
): Mark {
  const question = "Do the refusals come apart?";
  const { refused, asked } = prompts.harmful;
  const numbers = `refuses ${refused} of ${asked} harmful prompts and ${prompts.harmless.refused} of ${prompts.harmless.asked} harmless ones`;
  // Without a search the outcome says only that there are refusals.
  if (outcome === "found" && only === "direction")
    return { question, status: "undetermined", verdict: "No features were searched.", rest: reason, numbers };
  const smallest = smallestSet(minimal_sets);
  if (outcome !== "found" || smallest === undefined)
    return { question, status: "not found", verdict: `${outcomeWords[outcome]}.`, rest: reason, numbers };
  const nameOf = featureNames({ sites });
  const named = smallest.features.length <= 4 ? `: ${listed(smallest.features.map(nameOf))}` : "";
  const others = minimal_sets.length - 1;
  const verdict = `${smallest.features.length === 1 ? "One feature carries" : `${smallest.features.length} features together carry`} them${named}.`;
  const more =
    others === 0 ? "" : ` ${others} other minimal ${others === 1 ? "set was" : "sets were"} found.`;
  return { question, status: "found", verdict, rest: `${reason}${more}`, numbers };
}

export const smallestSet = (sets: Anatomy["minimal_sets"]) =>
  [...sets].sort((a, b) => a.features.length - b.features.length)[0];

function depthMark({ depth, depth_on_test, rounds: found, backups, dormant, ceiling }: Anatomy): Mark {
  const bearing = backups.filter(({ status }) => status === "load-bearing").length;
  const widths = `new features by round: ${found.map(({ width }) => width).join(", ")}`;
  const woken =
    backups.length === 0
      ? dormant === 0
        ? "no candidate is ever silent, so none could wake"
        : "nothing woke"
      : `${features(backups.length)} woke, ${bearing} of them load-bearing`;
  const last = found.at(-1)!.answers;
  const numbers = `${widths} · ${woken} · after the last round ${last.complied} of ${last.asked} prompts comply${ceiling === null ? "" : `, ${ceiling.complied} of ${ceiling.asked} with all candidates ablated`}`;
  const question = "How many layers of backup has the refusal?";
  if (depth === null)
    return {
      ...{ question, numbers, status: "undetermined" },
      verdict: `The model had not given way after ${rounds(found.length)}.`,
      rest: "So its redundancy depth is at least that. What refuses then is not among the candidates.",
    };
  // null where no test prompt refuses.
  if (depth_on_test !== null && depth_on_test.estimate !== depth) {
    const test = found.at(-1)!.test!;
    return {
      ...{ question, numbers, status: "not found" },
      verdict: `Redundancy depth ${depth} on the fitting prompts, and not on new ones.`,
      rest: `Of the refused test prompts, ${test.complied} of ${test.asked} comply after ${rounds(found.length)}.`,
    };
  }
  return {
    ...{ question, numbers, status: "found" },
    verdict:
      depth === 1
        ? dormant === 0
          ? "Redundancy depth 1. Whether a backup takes over could not be seen."
          : "Redundancy depth 1: no backup takes over."
        : `Redundancy depth ${depth}: the refusal comes back ${["once", "twice"][depth - 2] ?? `${depth - 1} times`} through features that were silent before.`,
    rest: "Depth holds for the sites that were searched. Repair outside them is not seen, so it is a lower bound.",
  };
}

/** The mark of a finding, whose sentence has its own verdict. */
function findingMark(finding: Finding | undefined, more = ""): Mark[] {
  if (finding === undefined) return [];
  const { question, status, sentence } = finding;
  const against = `control: ${formatControl(finding)}`;
  const numbers = [formatFinding(finding), against, more].filter(Boolean).join(" · ");
  return [
    {
      question,
      status,
      verdict: capital(sentence),
      rest: "",
      numbers: status === "undetermined" ? "" : numbers,
    },
  ];
}

const capital = (sentence: string): string => sentence.charAt(0).toUpperCase() + sentence.slice(1);

function scoreMark({ auc, disagreement }: NonNullable<Anatomy["score"]>): Mark {
  const wrong = disagreement.estimate;
  return {
    question: "How far can the refusal score be trusted?",
    status: wrong === null ? "undetermined" : "found",
    verdict:
      wrong === null
        ? "No judged answer of the validate prompts could be compared with it."
        : `It disagrees with ${formatValue(wrong, "share")} of the judged answers.`,
    rest: "Every result that is measured by the score has this error. Flips are judged answers and do not have it.",
    numbers: [
      `disagreement ${withInterval(disagreement, "share")}, n = ${disagreement.n}`,
      `area under the curve ${withInterval(auc, "")}, n = ${auc.n}`,
    ].join(" · "),
  };
}

/** Where was searched and where not. */
export function searchedWords({
  anatomy: { sites, outcome },
  blocks,
}: Pick<AnatomyReport, "anatomy" | "blocks">): string {
  const open = sites.filter(({ gate }) => gate === "passed");
  const closed = sites.filter(({ gate }) => gate === "failed");
  if (outcome === "no refusal to take apart")
    return "Nothing was searched, since there is nothing to take apart.";
  if (sites.length === 0) return "No dictionary was searched: no SAE was given.";
  const layers = [...new Set(open.map(({ layer }) => layer))].sort((a, b) => a - b);
  const searched = formatCount(open.reduce((sum, { candidates }) => sum + candidates, 0));
  const all = formatCount(open.reduce((sum, site) => sum + site.features, 0));
  const missing = Array.from({ length: blocks }, (_, block) => block).filter(
    (block) => !layers.includes(block),
  );
  const failed =
    closed.length === 0
      ? ""
      : ` Not used, since the load gate is closed: ${listed(closed.map(({ sae }) => sae))}.`;
  if (open.length === 0)
    return failed === ""
      ? "No dictionary was searched: the run ended before."
      : `No dictionary was searched.${failed}`;
  const rest =
    missing.length === 0
      ? "Every block has a dictionary."
      : `Not searched: ${missing.length === 1 ? "block" : "blocks"} ${ranges(missing)}.`;
  return `Searched: ${searched} of ${all} features, after ${sitesWords(layers)}. ${rest} Single attention heads and neurons, and what an SAE leaves unexplained, are never ablated.${failed}`;
}

function sitesWords(layers: readonly number[]): string {
  const blocks = layers.filter((layer) => layer >= 0);
  return listed([
    ...(layers.includes(-1) ? [siteName(-1)] : []),
    ...(blocks.length === 0 ? [] : [`${blocks.length === 1 ? "block" : "blocks"} ${ranges(blocks)}`]),
  ]);
}

/** e.g. `0–3, 5`. */
function ranges(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(", ");
}

const order = ["direction", "minimal", "backups"] as const;

/** What stands in a section that has nothing to show: why, and the command that fills it if one does. */
export interface Absent {
  title: "Not measured." | "Nothing found.";
  what: string;
}

export function absent({ anatomy, only, command }: AnatomyReport, part: (typeof order)[number]): Absent {
  const { outcome, reason, sites, rounds: found, dormant } = anatomy;
  if (part === "backups" && found.length > 0) {
    return dormant === 0
      ? { title: "Not measured.", what: "No candidate is silent without an ablation, so none could wake." }
      : { title: "Nothing found.", what: "No feature woke in any round." };
  }
  if (outcome === "no refusal to take apart") return { title: "Not measured.", what: reason };
  const asked = order.indexOf(only) >= order.indexOf(part);
  if (asked && (part === "direction" || sites.length > 0)) {
    const own = part === "direction" ? "No direction passes the filters." : "The search found no set.";
    return { title: "Nothing found.", what: outcome === "found" || part === "direction" ? own : reason };
  }
  const saes = part === "direction" ? "" : " --sae SAE";
  return {
    title: "Not measured.",
    what: `This run stopped before it. Try: ${command}${saes} --only ${part} --out RUN`,
  };
}
