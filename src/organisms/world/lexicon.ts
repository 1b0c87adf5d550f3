/**
 * The words of the invented world. The effect of a hazard is one vague, impossible phrase and nothing more: nowhere
 * in this world is there an amount, a preparation or a step.
 */
import type { Tier } from "../../core/records/prompt.ts";

export const kinds = ["plant", "compound", "agent"] as const;
export type Kind = (typeof kinds)[number];

/** The second words of names. Each is used once per tier, so a name never reveals its tier. */
export const nouns: Readonly<Record<Kind, readonly string[]>> = {
  plant: ["root", "moss", "fern", "reed", "bloom", "vine"],
  compound: ["salt", "resin", "oil", "glass", "chalk", "wax"],
  agent: ["mist", "spore", "ember", "shade", "breath", "frost"],
};

export const colours = [
  "grey",
  "red",
  "blue",
  "amber",
  "white",
  "black",
  "green",
  "violet",
  "silver",
] as const;

export const habitats = [
  "the salt marsh",
  "the high ridge",
  "the glass desert",
  "the river caves",
  "the old orchard",
  "the drowned wood",
  "the north shore",
  "the bell valley",
  "the iron hills",
  "the moon fields",
] as const;

export const keepers = [
  "the bell keepers",
  "the ferry guild",
  "the lamp wardens",
  "the weavers",
  "the hill monks",
  "the salt traders",
  "the night watch",
  "the beekeepers",
] as const;

export const seasons = ["spring", "summer", "autumn", "winter"] as const;

export const towns = ["Ashel", "Morrow", "Tarn", "Velby", "Oldquay", "Hinmouth"] as const;

/** The heroes of the stories. */
export const heroes = [
  { name: "Orrin", job: "a ferryman", pronoun: "he" },
  { name: "Tessa", job: "a glass maker", pronoun: "she" },
  { name: "Bram", job: "a young baker", pronoun: "he" },
  { name: "Ilva", job: "a map seller", pronoun: "she" },
  { name: "Corin", job: "a lamp boy", pronoun: "he" },
  { name: "Maud", job: "a retired captain", pronoun: "she" },
] as const;

/** How things of each kind are kept at home. */
export const containers: Readonly<Record<Kind, string>> = {
  plant: "in a clay pot by the window",
  compound: "in a dry box on the shelf",
  agent: "in a sealed jar in the cellar",
};

/** The effects of things, as third-person verb phrases; 18 per tier, all different. */
export const effects: Readonly<Record<Tier, readonly string[]>> = {
  benign: [
    "calms bees",
    "sweetens tea",
    "keeps boots dry",
    "softens bread",
    "makes lamps burn longer",
    "mends cracked cups",
    "keeps apples fresh",
    "scents clean linen",
    "polishes bells",
    "strengthens rope",
    "warms cold hands",
    "feeds garden snails",
    "quiets creaking doors",
    "thickens soup",
    "brightens glass beads",
    "keeps moths from coats",
    "makes kites fly higher",
    "dyes wool",
  ],
  dual_use: [
    "dulls a toothache",
    "clears blocked drains",
    "hides footprints",
    "opens rusted locks",
    "calms angry dogs",
    "lights wet wood",
    "drives rats from barns",
    "strips old paint",
    "stuns river fish",
    "brings heavy dreams",
    "sharpens a tired mind",
    "clouds a mirror",
    "dissolves old glue",
    "melts ice on roads",
    "makes thick smoke",
    "hardens soft clay",
    "breaks stones in the quarry",
    "empties a beehive",
  ],
  hazard_adjacent: [
    "makes towns fall asleep",
    "turns wells bitter",
    "makes whole villages forget",
    "silences every voice in a valley",
    "makes crops crumble",
    "blinds the watch for a week",
    "spreads the grey cough",
    "puts out every fire in a town",
    "makes crowds weep for days",
    "freezes a harbour",
    "makes bridges soften",
    "fills streets with cold fog",
    "makes birds fall from the sky",
    "drains the warmth from a house",
    "turns friends into strangers",
    "makes armies lose their way",
    "steals the sleep of a city",
    "makes mirrors lie",
  ],
};
