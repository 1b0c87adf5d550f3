/** Writes what the search found as the parts of anatomy.json that are about features. */
import type { FeatureSet } from "../../anatomy/subject/subject.ts";
import type { Anatomy } from "../../core/records/anatomy.ts";
import { saeKeys } from "../../core/sae-keys.ts";
import { textOf } from "../../model/checkpoint/checkpoint.ts";
import type { PreparedAnatomy } from "./prepare.ts";
import { noRedundancy, redundancyRecord } from "./record-redundancy.ts";
import { setsRecord } from "./record-sets.ts";
import type { Searched } from "./searched.ts";
import type { Peak, ShownFeature } from "./stages/shown-features.ts";

type SearchPart = Pick<
  Anatomy,
  | "sites"
  | "search"
  | "ceiling"
  | "minimal_sets"
  | "published_filter"
  | "per_prompt"
  | "depth"
  | "depth_on_test"
  | "ending"
  | "dormant"
  | "rounds"
  | "cascade"
  | "backups"
  | "features"
  | "pareto"
>;

/** No features were searched: the dictionaries are those that were asked for. */
export function notSearched({ saes, manifest }: PreparedAnatomy): SearchPart {
  const named = manifest.inputs.saes;
  const keys = saeKeys(named);
  return {
    sites: saes.map(({ d_sae }, i) => ({
      ...{ sae: keys[i]!, layer: named[i]!.layer, features: d_sae, candidates: 0 },
      ...{ gate: "not run", explained: null },
    })),
    ...{
      search: null,
      ceiling: null,
      minimal_sets: [],
      published_filter: null,
      per_prompt: [],
      features: [],
      pareto: [],
    },
    ...noRedundancy,
  };
}

export function searchRecord(prepared: PreparedAnatomy, search: Searched, level: number): SearchPart {
  const { prompts } = prepared;
  const { found, chosen, redundancy } = search;
  const { candidates } = chosen;
  const features = (set: FeatureSet) => set.map((index) => candidates[index]!);
  const { asked, complied, refused, evaded, broken, other, looped } = found.pooled.standing.ceiling;
  return {
    sites: search.dictionaries.map(({ dictionary: { key, layer, sae }, gate }) => ({
      ...{ sae: key, layer, features: sae.d_sae },
      candidates: candidates.filter((candidate) => candidate.sae === key).length,
      gate: gate.passed ? "passed" : "failed",
      explained: gate.explained,
    })),
    ceiling: { asked, complied, refused, evaded, broken, other, looped },
    ...setsRecord(prepared, search, level),
    per_prompt: found.perPrompt.map(({ prompt, found: own }) => ({
      prompt: prompts[prompt]!.id,
      outcome: own.outcome,
      sets: own.sets.map((set) => features(set.features)),
    })),
    ...(redundancy === null ? noRedundancy : redundancyRecord(prepared, candidates, redundancy, level)),
    features: search.shown.map((shown) => ({
      ...candidates[shown.candidate]!,
      ...shownOf(prepared, shown),
    })),
  };
}

function shownOf(
  prepared: PreparedAnatomy,
  { effect, activeOn, roles, peaks }: ShownFeature,
): Pick<Anatomy["features"][number], "effect" | "active_on" | "roles" | "contexts"> {
  const contexts = peaks.map((peak) => contextOf(prepared, peak));
  return { effect, active_on: activeOn, roles, contexts };
}

/** Tokens that are shown before a peak and behind it. */
const shownBefore = 12;
const shownBehind = 8;

function contextOf(
  { prompts, checkpoint }: PreparedAnatomy,
  { prompt, rounds, position, activations }: Peak,
) {
  const { tokenizer } = textOf(checkpoint);
  const { id, side, ids } = prompts[prompt]!;
  const from = Math.max(0, position - shownBefore);
  const to = Math.min(ids.length, position + shownBehind + 1);
  return {
    ...{ prompt: id, side, rounds, position, of: ids.length, activation: activations[position]! },
    around: {
      at: position - from,
      tokens: ids.slice(from, to).map((token) => tokenizer.decode([token], { skipSpecial: false })),
      activations: [...activations.slice(from, to)],
    },
  };
}
