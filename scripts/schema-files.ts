/**
 * The JSON Schemas of the files that Fathom reads and writes (schemas/), made from the zod schemas that check these
 * files.
 */
import { z } from "zod";
import { anatomySchema } from "../src/core/records/anatomy.ts";
import { anatomyReportSchema } from "../src/core/records/anatomy-report.ts";
import { calibrationSchema } from "../src/core/records/calibration.ts";
import { catalogSchema } from "../src/core/records/catalog.ts";
import { writtenForm } from "../src/core/records/fields/written.ts";
import { findingSchema } from "../src/core/records/finding.ts";
import { insideSchema } from "../src/core/records/inside.ts";
import { observationSchema } from "../src/core/records/observation.ts";
import { reportDataSchema } from "../src/core/records/report.ts";
import { saeReportSchema } from "../src/core/records/sae-report.ts";
import { thoughtSchema, verdictSchema } from "../src/core/records/verdict.ts";
import { comparisonSchema } from "../src/core/results/comparison.ts";
import { gateFileSchema } from "../src/core/results/gate.ts";
import { replySchema } from "../src/jobs/audit/answers/replies.ts";
import { manifestSchema } from "../src/jobs/audit/manifest.ts";
import { planFileSchema } from "../src/jobs/audit/plan.ts";
import { auditDefaults } from "../src/library/defaults.ts";
import { promptLineSchema } from "../src/prompts/prompt-line.ts";
import { docComments, type TypeName } from "./doc-comments.ts";

type Json = z.core.JSONSchema.BaseSchema;

interface Source {
  title: string;
  description: string;
  schema: z.ZodType;
  /** input: what a user may write; output: what this version writes. */
  io: "input" | "output";
  /** The type whose doc comments describe the keys; for a list or a record, the type of its items. Without it, the schema describes them. */
  type?: TypeName;
  /** The value of a key if it is left out. */
  defaults?: Readonly<Record<string, unknown>>;
}

const sources: Readonly<Record<string, Source>> = {
  audit: {
    title: "Fathom: the plan of an audit",
    description:
      "audit.yaml. A key that is left out has the value of its command line option, or its default. Name model and prompts here or as options. Paths are relative to the file.",
    schema: planFileSchema,
    io: "input",
    defaults: auditDefaults,
  },
  prompt: {
    title: "Fathom: a prompt",
    description:
      "One line of a prompt set in JSON Lines, as an audit reads it. Every id must be unique in the set. Other fields are not used, and the report names them.",
    schema: promptLineSchema,
    io: "input",
  },
  gate: {
    title: "Fathom: a gate",
    description: "gate.yaml: the bounds that findings must keep, for --gate.",
    schema: gateFileSchema,
    io: "input",
  },
  manifest: {
    title: "Fathom: the manifest of a run",
    description:
      "manifest.json of a run's directory: everything that decides the results, and the machine that it ran on.",
    schema: manifestSchema,
    type: { file: "src/jobs/audit/manifest.ts", name: "Manifest" },
    io: "output",
  },
  observation: {
    title: "Fathom: an observation",
    description:
      "One line of observations.jsonl of a run's directory: what happened for one prompt under one condition.",
    schema: observationSchema,
    type: { file: "src/core/records/observation.ts", name: "Observation" },
    io: "output",
  },
  reply: {
    title: "Fathom: a reply of an endpoint",
    description: "One line of replies.jsonl of a run on a model behind an endpoint: a reply, as it arrived.",
    schema: replySchema,
    type: { file: "src/jobs/audit/answers/replies.ts", name: "Reply" },
    io: "output",
  },
  verdict: {
    title: "Fathom: a verdict",
    description: "One line of verdicts.jsonl of a run's directory: an observation, judged at one token cap.",
    schema: verdictSchema,
    type: { file: "src/core/records/verdict.ts", name: "Verdict" },
    io: "output",
  },
  thought: {
    title: "Fathom: what a thought says",
    description:
      "One line of thoughts.jsonl of a run's directory: a reasoning model's thought, judged apart from its answer. The file is there if the run has thoughts.",
    schema: thoughtSchema,
    type: { file: "src/core/records/verdict.ts", name: "ThoughtVerdict" },
    io: "output",
  },
  inside: {
    title: "Fathom: the inside views of a run",
    description:
      "inside.json of a run's directory: one item per SAE, or a single item that says why there is no inside view.",
    schema: insideSchema,
    type: { file: "src/core/records/inside.ts", name: "StoredInside" },
    io: "output",
  },
  catalog: {
    title: "Fathom: the feature catalogs of a run",
    description:
      "catalog.json of a run's directory: one item per measured SAE, with the features of each category.",
    schema: z.array(catalogSchema),
    type: { file: "src/core/records/catalog.ts", name: "Catalog" },
    io: "output",
  },
  findings: {
    title: "Fathom: the findings of a run",
    description:
      "findings.json of a run's directory. It is written last: if it exists, the run is complete. An id is made from its about.",
    schema: z.array(findingSchema),
    type: { file: "src/core/records/finding.ts", name: "Finding" },
    io: "output",
  },
  report: {
    title: "Fathom: a report of a run",
    description:
      "report.json, as `fathom report --format json` writes it: all data that the report page shows.",
    schema: reportDataSchema,
    type: { file: "src/core/records/report.ts", name: "ReportData" },
    io: "output",
  },
  comparison: {
    title: "Fathom: a comparison of runs",
    description: "report.json, as `fathom compare --format json` writes it: all data that the page shows.",
    schema: comparisonSchema,
    type: { file: "src/core/results/comparison.ts", name: "Comparison" },
    io: "output",
  },
  anatomy: {
    title: "Fathom: the anatomy of a model's refusals",
    description:
      "anatomy.json of an anatomy's directory: the direction, the features, and what was measured of them. It holds no vector and no text of an answer.",
    schema: anatomySchema,
    io: "output",
  },
  "anatomy-report": {
    title: "Fathom: the report of an anatomy",
    description:
      "report.json of an anatomy, as `fathom report --format json` writes it: all data that the page shows.",
    schema: anatomyReportSchema,
    type: { file: "src/core/records/anatomy-report.ts", name: "AnatomyReport" },
    io: "output",
  },
  calibration: {
    title: "Fathom: how far judges agree with people",
    description:
      "What `fathom judge calibrate` writes, and `audit --calibration` reads: one entry per judge, by the name that --judges gave it.",
    schema: calibrationSchema,
    type: { file: "src/core/records/calibration.ts", name: "JudgeCalibration" },
    io: "output",
  },
  "sae-report": {
    title: "Fathom: a quality report of an SAE",
    description: "report.json, as `fathom sae report` writes it: all data that the report page shows.",
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
      const { items, additionalProperties } = schema;
      const members = typeof additionalProperties === "object" ? additionalProperties : undefined;
      if (source.type !== undefined) comment(source.type, (items ?? members ?? schema) as object);
      return [`${name}.schema.json`, `${JSON.stringify(schema, null, 2)}\n`];
    }),
  );
}

function jsonSchemaOf(name: string, { title, description, schema, io, defaults = {} }: Source): Json {
  const { $schema, ...made } = generate(schema, io);
  for (const [key, property] of Object.entries((made.properties ?? {}) as Record<string, Json>))
    if (key in defaults) property.default = defaults[key];
  // The id is a name, not an address: the file comes with the package, and nothing has to be downloaded.
  return { $schema, $id: `urn:fathom:schema:${name}`, title, description, ...made } as Json;
}

function generate(schema: z.ZodType, io: Source["io"]): Json {
  const { "~standard": _standard, ...made } = z.toJSONSchema(schema, {
    io,
    override({ zodSchema, jsonSchema }) {
      // A default stands for a key that older versions left out; this version always writes it.
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
