/** The JSON Schemas of what Fathom reads and writes, made from the zod schemas that it checks them by (schemas/). */
import { z } from "zod";
import { auditDefaults } from "../src/cli/options/defaults.ts";
import { catalogSchema } from "../src/core/records/catalog.ts";
import { findingSchema } from "../src/core/records/finding.ts";
import { observationSchema } from "../src/core/records/observation.ts";
import { reportDataSchema } from "../src/core/records/report.ts";
import { saeReportSchema } from "../src/core/records/sae-report.ts";
import { verdictSchema } from "../src/core/records/verdict.ts";
import { writtenForm } from "../src/core/records/written.ts";
import { insideSchema } from "../src/jobs/audit/inside.ts";
import { manifestSchema } from "../src/jobs/audit/manifest.ts";
import { planFileSchema } from "../src/jobs/audit/plan.ts";
import { promptLineSchema } from "../src/prompts/prompt-line.ts";
import { docComments, type TypeName } from "./doc-comments.ts";

type Json = z.core.JSONSchema.BaseSchema;

interface Source {
  title: string;
  description: string;
  schema: z.ZodType;
  /** input: what a person may write; output: what this version writes. */
  io: "input" | "output";
  /** Whose doc comments describe the keys; of a list, its item's. Without it the schema describes them. */
  type?: TypeName;
  /** What a key is when it is left out. */
  defaults?: Readonly<Record<string, unknown>>;
}

const sources: Readonly<Record<string, Source>> = {
  audit: {
    title: "Fathom: the plan of an audit",
    description:
      "audit.yaml. A key that is left out is an option's or a default; model and prompts must be named here or as options. Paths are relative to the file.",
    schema: planFileSchema,
    io: "input",
    defaults: auditDefaults,
  },
  prompt: {
    title: "Fathom: a prompt",
    description:
      "One line of a prompt set in JSON Lines, as an audit reads it. No id may be there twice. Other fields are not used, and the report names them.",
    schema: promptLineSchema,
    io: "input",
  },
  manifest: {
    title: "Fathom: the manifest of a run",
    description: "manifest.json of a run's directory: what decides the results, and what it ran on.",
    schema: manifestSchema,
    type: { file: "src/jobs/audit/manifest.ts", name: "Manifest" },
    io: "output",
  },
  observation: {
    title: "Fathom: an observation",
    description:
      "One line of observations.jsonl of a run's directory: one prompt under one condition, as it happened.",
    schema: observationSchema,
    type: { file: "src/core/records/observation.ts", name: "Observation" },
    io: "output",
  },
  verdict: {
    title: "Fathom: a verdict",
    description: "One line of verdicts.jsonl of a run's directory: an observation, judged at one token cap.",
    schema: verdictSchema,
    type: { file: "src/core/records/verdict.ts", name: "Verdict" },
    io: "output",
  },
  inside: {
    title: "Fathom: the inside views of a run",
    description:
      "inside.json of a run's directory: an item for each SAE, or one that says why there is none.",
    schema: insideSchema,
    type: { file: "src/jobs/audit/inside.ts", name: "InsideView" },
    io: "output",
  },
  catalog: {
    title: "Fathom: the feature catalogs of a run",
    description:
      "catalog.json of a run's directory: an item for each SAE that was measured, with the features of each category.",
    schema: z.array(catalogSchema),
    type: { file: "src/core/records/catalog.ts", name: "Catalog" },
    io: "output",
  },
  findings: {
    title: "Fathom: the findings of a run",
    description:
      "findings.json of a run's directory. It is written last, so its presence means that the run is done. An id is made from its about.",
    schema: z.array(findingSchema),
    type: { file: "src/core/records/finding.ts", name: "Finding" },
    io: "output",
  },
  report: {
    title: "Fathom: a report of a run",
    description: "report.json, as `fathom report --format json` writes it: all that the report's page shows.",
    schema: reportDataSchema,
    type: { file: "src/core/records/report.ts", name: "ReportData" },
    io: "output",
  },
  "sae-report": {
    title: "Fathom: a quality report of an SAE",
    description: "report.json, as `fathom sae report` writes it: all that the report's page shows.",
    schema: saeReportSchema,
    type: { file: "src/core/records/sae-report.ts", name: "SaeReport" },
    io: "output",
  },
};

/** File name → its JSON text. */
export function schemaFiles(): Map<string, string> {
  const all = Object.entries(sources);
  const comment = docComments(all.flatMap(([, { type }]) => type ?? []));
  return new Map(
    all.map(([name, source]) => {
      const schema = jsonSchemaOf(name, source);
      if (source.type !== undefined) comment(source.type, (schema.items ?? schema) as object);
      return [`${name}.schema.json`, `${JSON.stringify(schema, null, 2)}\n`];
    }),
  );
}

function jsonSchemaOf(name: string, { title, description, schema, io, defaults = {} }: Source): Json {
  const { $schema, ...made } = generate(schema, io);
  for (const [key, property] of Object.entries((made.properties ?? {}) as Record<string, Json>))
    if (key in defaults) property.default = defaults[key];
  // A name and no address: the file comes with the package, and is fetched from nowhere.
  return { $schema, $id: `urn:fathom:schema:${name}`, title, description, ...made } as Json;
}

function generate(schema: z.ZodType, io: Source["io"]): Json {
  const { "~standard": _standard, ...made } = z.toJSONSchema(schema, {
    io,
    override({ zodSchema, jsonSchema }) {
      // What older versions left out is not what this one writes.
      if (io === "output") delete jsonSchema.default;
      const form = io === "input" ? writtenForm(zodSchema) : undefined;
      if (form === undefined) return;
      const { description } = jsonSchema;
      for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
      const { $schema: _draft, ...written } = generate(form, io);
      Object.assign(jsonSchema, written, description === undefined ? {} : { description });
    },
  });
  return made;
}
