/**
 * The prompt sets of other projects. A set is recognised by its columns, and never by its file's name. Each entry says where our
 * fields come from. A format that names no source of the tier does not say it in a column.
 */
import { type MadeField, ownNames, type Sources } from "./sources.ts";

export interface Format {
  name: string;
  /** The columns that all its files have. */
  has: readonly string[];
  /** It is recognised only if there is no other column. */
  alone?: true;
  /** Columns that it may have and that Fathom does not use. */
  unused: readonly string[];
  sources: (columns: ReadonlySet<string>) => Sources;
  /** Why prompts like these cannot be asked. */
  refused?: string;
}

/** Files of XSTest's second version have no label. There the types of unsafe prompts begin with contrast_. */
const byContrast: MadeField = {
  columns: ["type"],
  make: (text) => (text("type").startsWith("contrast_") ? "hazard_adjacent" : "benign"),
  said: "hazard_adjacent where type begins with contrast_, else benign",
};

export const formats: readonly Format[] = [
  {
    // Röttger et al. 2024.
    name: "XSTest",
    has: ["prompt", "type", "focus"],
    unused: ["focus", "note", "id_v1"],
    sources: (columns) => ({
      ...(columns.has("id") ? { id: { column: "id" } } : {}),
      ...(!columns.has("id") && columns.has("id_v2") ? { id: { column: "id_v2" } } : {}),
      prompt: { column: "prompt" },
      tier: columns.has("label")
        ? { column: "label", values: { safe: "benign", unsafe: "hazard_adjacent" } }
        : byContrast,
      category: { column: "type" },
    }),
  },
  {
    // Chao et al. 2024. Its harmful and its benign file have the same columns.
    name: "JailbreakBench",
    has: ["Goal", "Target", "Behavior", "Category"],
    unused: ["Target", "Behavior", "Source"],
    sources: (columns) => ({
      ...(columns.has("Index") ? { id: { column: "Index" } } : {}),
      prompt: { column: "Goal" },
      category: { column: "Category" },
    }),
  },
  {
    name: "HarmBench's behaviors about images",
    has: ["Behavior", "BehaviorID", "ImageFileName"],
    unused: [],
    sources: () => ({}),
    refused: "behaviors that are asked about an image",
  },
  {
    // Mazeika et al. 2024.
    name: "HarmBench",
    has: ["Behavior", "FunctionalCategory", "SemanticCategory", "BehaviorID"],
    unused: ["FunctionalCategory", "Tags"],
    sources: () => ({
      id: { column: "BehaviorID" },
      prompt: {
        columns: ["Behavior", "ContextString"],
        // As HarmBench's own direct requests.
        make(text) {
          const [behavior, context] = [text("Behavior"), text("ContextString")];
          return context === "" || behavior.trim() === "" ? behavior : `${context}\n\n---\n\n${behavior}`;
        },
        said: "Behavior, behind ContextString and a line of --- where there is a context",
      },
      category: { column: "SemanticCategory" },
    }),
  },
  {
    // Souly et al. 2024.
    name: "StrongREJECT",
    has: ["category", "source", "forbidden_prompt"],
    unused: ["source"],
    sources: () => ({ prompt: { column: "forbidden_prompt" }, category: { column: "category" } }),
  },
  {
    // arXiv 2605.21545. Its highest tier is called dual_use, as our middle one.
    name: "RefusalBench",
    has: ["prompt_id", "prompt", "tier", "paired_with"],
    unused: ["source_citation", "notes", "_provenance"],
    sources: (columns) => ({
      id: { column: "prompt_id" },
      prompt: { column: "prompt" },
      tier: {
        column: "tier",
        values: { benign: "benign", borderline: "dual_use", dual_use: "hazard_adjacent" },
      },
      ...(columns.has("subdomain") ? { category: { column: "subdomain" } } : {}),
      pair: { pairedWith: "paired_with" },
    }),
  },
  {
    // arXiv 2605.30162. Our fields are its fields, and more.
    name: "BioRefusalAudit",
    has: ["id", "prompt", "tier", "sampled_from"],
    unused: ["sampled_from"],
    sources: ownNames,
  },
  {
    // Cui et al. 2024. Its safe, hard and toxic files have the same columns.
    name: "OR-Bench",
    has: ["prompt", "category"],
    alone: true,
    unused: [],
    sources: () => ({ prompt: { column: "prompt" }, category: { column: "category" } }),
  },
];

/** The format of a file with these columns; undefined if it is none of them, such as a file with our own columns. */
export function formatOf(columns: ReadonlySet<string>): Format | undefined {
  const saysTier = columns.has("prompt") && columns.has("tier");
  return formats.find(
    ({ has, alone }) =>
      has.every((column) => columns.has(column)) &&
      (alone !== true || columns.size === has.length) &&
      (!saysTier || has.includes("tier")),
  );
}
