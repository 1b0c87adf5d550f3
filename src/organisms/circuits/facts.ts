/**
 * The facts of a circuit, written from its description and never from the model. Names and definitions are those of
 * anatomy.json: docs/circuits.md says how each is meant. oracle/circuits_brute.py confirms them on the weights.
 */
import { badInput } from "../../core/errors.ts";
import type { CircuitDescription } from "./description.ts";
import { type FeatureSet, type Logic, union } from "./logic.ts";

export interface Place {
  name: string;
  /** Folder of the SAE inside the circuit's folder. */
  sae: string;
  layer: number;
  /** Index in that SAE. */
  feature: number;
}

export interface Round {
  /** The smallest set that opens the way in this round; the first one where several are as small. */
  features: Place[];
  width: number;
  /** Every 1-minimal set of this round. */
  alternatives: Place[][];
}

export interface Backup extends Place {
  /** load-bearing: it carries the refusal once the features of the earlier rounds are gone. */
  status: "load-bearing" | "idle";
  /**
   * Whether ablating this one alone ends the refusal, while everything still silent is held silent. It is false for a
   * load-bearing backup that has an equal beside it in its round.
   */
  alone: boolean;
  /** The round after which it wakes, from 1. */
  wakes_after: number;
}

export interface CircuitFacts {
  circuit: string;
  says: string;
  seed: string;
  outcome: "found" | "not in this dictionary" | "only broken text" | "no refusal to take apart";
  answers: { refuse: string; comply: string };
  /** The two tokens of the deciding position. */
  score_tokens: { refuse: number; comply: number };
  /** How many tokens of the answer come before the deciding one. */
  decides_after: number;
  minimal_sets: Place[][];
  /** null unless the outcome is found. */
  depth: number | null;
  rounds: Round[];
  /** Dormant features that wake in some round. */
  backups: Backup[];
  /** Features that fire on harmful prompts and are in no minimal set of any round. */
  distractors: Place[];
  /** Dormant features that wake in no round. */
  asleep: Place[];
  /** Features that no SAE has. */
  outside_dictionary: { name: string; layer: number }[];
}

type LogicFacts = Pick<
  CircuitFacts,
  "outcome" | "minimal_sets" | "depth" | "rounds" | "backups" | "distractors" | "asleep"
>;

/**
 * @param placeOf where a feature of the dictionary is
 * @throws FathomError for a circuit that refuses or has an active feature without harm, or whose depth depends on which of
 *   two alternatives is ablated
 */
export function logicFacts(
  circuit: CircuitDescription,
  logic: Logic,
  placeOf: (name: string) => Place,
): LogicFacts {
  const harmless = logic.run(0, new Set());
  if (harmless.refuses || harmless.active.size > 0)
    throw badInput(circuit.name, "nothing active without harm", [...harmless.active].join(", "));
  const places = (names: readonly string[]) => names.map(placeOf);
  const { dictionary } = logic;
  const dormant = logic.silent(new Set());
  const outcome = outcomeOf(circuit, logic);
  const rounds = outcome === "found" ? roundsOf(circuit, logic, new Set()) : [];
  const backups = backupsOf(logic, dormant, rounds);
  const known = new Set([...rounds.flatMap(({ sets }) => sets.flat()), ...backups.map(({ name }) => name)]);
  const minimal = outcome === "found" ? logic.minimalSets(dictionary) : [];
  for (const name of minimal.flat()) known.add(name);
  return {
    outcome,
    minimal_sets: minimal.map(places),
    depth: outcome === "found" ? rounds.length : null,
    rounds: rounds.map(({ sets }) => ({
      features: places(sets[0]!),
      width: sets[0]!.length,
      alternatives: sets.map(places),
    })),
    backups: backups.map(({ name, ...rest }) => ({ ...placeOf(name), ...rest })),
    distractors: places(dictionary.filter((name) => !dormant.has(name) && !known.has(name))),
    asleep: places(dictionary.filter((name) => dormant.has(name) && !known.has(name))),
  };
}

function outcomeOf({ name, whole_tokens }: CircuitDescription, logic: Logic): CircuitFacts["outcome"] {
  if (!logic.refuses(new Set())) return "no refusal to take apart";
  const carried = !logic.refuses(new Set(logic.dictionary));
  if (whole_tokens !== true) return carried ? "found" : "not in this dictionary";
  // With a carried refusal the ceiling would break the text and also comply at its first token.
  if (carried)
    throw badInput(`${name} whole_tokens`, "a refusal that no SAE carries", "one that an SAE carries");
  return "only broken text";
}

interface RoundSets {
  /** Ablated before this round. */
  before: FeatureSet;
  /** Every 1-minimal set under the hold, smaller ones first. */
  sets: string[][];
}

/** Rounds: a 1-minimal set under the hold, then the hold is released; what woke opens the next round. */
function roundsOf(circuit: CircuitDescription, logic: Logic, before: FeatureSet): RoundSets[] {
  if (!logic.refuses(before)) return [];
  const silent = logic.silent(before);
  const awake = logic.dictionary.filter((name) => !silent.has(name));
  const sets = logic.minimalSets(awake, before, silent);
  const paths = sets
    .filter(({ length }) => length === sets[0]!.length)
    .map((members) => roundsOf(circuit, logic, union(before, new Set(members))));
  const shape = (path: RoundSets[]) => path.map((round) => round.sets[0]!.length).join();
  if (new Set(paths.map(shape)).size !== 1)
    throw badInput(circuit.name, "the same depth and widths on every way", paths.map(shape).join(" and "));
  return [{ before, sets }, ...paths[0]!];
}

function backupsOf(
  logic: Logic,
  dormant: FeatureSet,
  rounds: readonly RoundSets[],
): Pick<Backup, "name" | "status" | "alone" | "wakes_after">[] {
  const carriers = new Set(rounds.flatMap(({ sets }) => sets.flat()));
  const woken = new Map<string, Pick<Backup, "alone" | "wakes_after">>();
  rounds.forEach(({ before, sets }, index) => {
    const ablated = union(before, new Set(sets[0]));
    const held = logic.silent(ablated);
    for (const name of dormant) {
      if (held.has(name) || woken.has(name)) continue;
      const alone = logic.refuses(ablated, held) && !logic.refuses(ablated, held, new Set([name]));
      woken.set(name, { alone, wakes_after: index + 1 });
    }
  });
  return [...woken].map(([name, rest]) => ({
    name,
    status: rest.alone || carriers.has(name) ? "load-bearing" : "idle",
    ...rest,
  }));
}
