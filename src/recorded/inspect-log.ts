/**
 * A log of Inspect (inspect_ai, schema version 2): `.json`, or `.eval`, a zip of header.json and samples/*.json. It also reads what
 * `fathom export --to inspect` wrote.
 */
import { closeSync, fstatSync, openSync } from "node:fs";
import { z } from "zod";
import { badInput } from "../core/errors.ts";
import { parseRecord } from "../core/parse.ts";
import { readProblem } from "../files/disk/io.ts";
import { parsePythonJson } from "../files/disk/json.ts";
import { decodeLine } from "../files/lines/json-lines.ts";
import { unpack } from "../files/zip/unpack.ts";
import { readZip, type ZipMember } from "../files/zip/zip.ts";
import { readSample } from "./inspect-sample.ts";
import type { Recording } from "./recording.ts";

/** The largest member that is read. A sample with a long conversation has some megabytes. */
const mostBytes = 2 ** 28;

const configSchema = z.looseObject({
  temperature: z.number().nonnegative().nullish(),
  max_tokens: z.int().positive().nullish(),
  system_message: z.string().nullish(),
});

const headerSchema = z.looseObject({
  status: z.string().nullish(),
  eval: z.looseObject({
    task: z.string().nullish(),
    model: z.string().nullish(),
    created: z.string().nullish(),
    packages: z.record(z.string(), z.string()).nullish(),
    model_generate_config: configSchema.nullish(),
    metadata: z.record(z.string(), z.unknown()).nullish(),
  }),
  plan: z.looseObject({ config: configSchema.nullish() }).nullish(),
});

/** What is needed of a log: its header, and its samples in order. */
interface Log {
  header: unknown;
  samples: Iterable<{ where: string; value: unknown }>;
}

/** @param document the log as one JSON document */
export function jsonRecording(path: string, document: Readonly<Record<string, unknown>>): Recording {
  const { samples } = document;
  const list = Array.isArray(samples) ? samples : [];
  return recordingOf(path, {
    header: document,
    samples: list.map((value: unknown, i) => ({ where: `${path} samples[${i}]`, value })),
  });
}

/** @throws FathomError for a zip that is damaged or no log */
export function zipRecording(path: string): Recording {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    throw readProblem(path, error);
  }
  try {
    const members = readZip(fd, path, fstatSync(fd).size, { compressed: true, replaced: true });
    const read = (name: string, member: ZipMember): unknown => {
      const where = `${path} "${name}"`;
      return parsePythonJson(decodeLine(unpack(fd, path, name, member, mostBytes), where), where);
    };
    // A log that is still being written, or was interrupted, has no header.json.
    const header = ["header.json", "_journal/start.json"].find((name) => members.has(name));
    if (header === undefined)
      throw badInput(
        path,
        "a log of Inspect, with header.json in the zip",
        firstOf(members),
        "an .eval file",
      );
    const samples = [...members].filter(([name]) => /^samples\/.*\.json$/.test(name));
    return recordingOf(path, {
      header: read(header, members.get(header)!),
      samples: (function* () {
        for (const [name, member] of samples) yield { where: `${path} "${name}"`, value: read(name, member) };
      })(),
    });
  } finally {
    closeSync(fd);
  }
}

const firstOf = (members: ReadonlyMap<string, unknown>): string =>
  members.size === 0 ? "an empty zip" : `a zip of ${[...members.keys()].slice(0, 3).join(", ")}`;

function recordingOf(path: string, { header, samples }: Log): Recording {
  const { version } = (header ?? {}) as { version?: unknown };
  if (version !== 2)
    throw badInput(
      `${path} version`,
      "2, the schema version of Inspect's logs",
      version === undefined ? "none" : JSON.stringify(version),
      "inspect log convert, which writes a log again in the present form",
    );
  const { status, eval: spec, plan } = parseRecord(headerSchema, header, path, "a log that Inspect wrote");
  const ours = spec.task === "fathom_audit";
  const read = [...samples].map(({ where, value }) => readSample(value, where, ours));
  if (read.length === 0)
    throw badInput(path, "a log with samples", "none", "run Inspect with log_samples, which is its default");
  const answered = read.flatMap((one) => (one.kind === "answered" ? [one] : []));
  const changed = answered.filter((one) => one.changed).length;
  const again = read.filter(({ kind }) => kind === "asked again").length;
  // plan.config has what the task set over what was asked of the model.
  const config = { ...withoutNull(spec.model_generate_config), ...withoutNull(plan?.config) };
  const epochs = new Set(answered.map(({ unit }) => unit.seed));
  return {
    tool: toolOf(spec.packages ?? {}, ours),
    model: (ours ? spec.model?.replace(/^fathom\//, "") : spec.model) ?? null,
    date: spec.created ?? null,
    temperature: ours ? ownTemperature(spec.metadata) : (config.temperature ?? null),
    limit: ours ? ownLimit(spec.metadata) : (config.max_tokens ?? null),
    units: answered.map(({ unit }) => ({
      ...unit,
      system: unit.system ?? config.system_message ?? null,
      // One epoch is no repetition.
      seed: !ours && epochs.size === 1 ? null : unit.seed,
    })),
    without: read.flatMap((one) => (one.kind === "without" ? [{ where: one.where, why: one.why }] : [])),
    notes: [
      ...(status == null || status === "success"
        ? []
        : [`The log's status is "${status}", so it may not have all samples.`]),
      ...(!ours && epochs.size > 1
        ? [`The log has ${epochs.size} epochs. They are called seeds here, by their numbers.`]
        : []),
      ...(again === 0
        ? []
        : [
            `${again} samples were asked again, with the answer begun, in another turn or with another system prompt. They are left out.`,
          ]),
      ...(changed === 0
        ? []
        : [
            `In ${changed} of ${answered.length} samples the model read another user's turn than the sample's input, because a solver changed it. The input counts as the prompt.`,
          ]),
    ],
  };
}

function toolOf(packages: Readonly<Record<string, string>>, ours: boolean): string {
  const name = ours ? "fathom" : "inspect_ai";
  const version = packages[name];
  return `${ours ? "Fathom" : "Inspect"}${version === undefined ? "" : ` ${version}`}`;
}

/** The largest cap of the run that was exported: its answers are those at that cap. */
function ownLimit(metadata: Readonly<Record<string, unknown>> | null | undefined): number | null {
  const caps = z.array(z.int().positive()).min(1).safeParse(metadata?.["caps"]);
  return caps.success ? Math.max(...caps.data) : null;
}

function ownTemperature(metadata: Readonly<Record<string, unknown>> | null | undefined): number | null {
  const temperature = z.number().nonnegative().safeParse(metadata?.["temperature"]);
  return temperature.success ? temperature.data : null;
}

function withoutNull<T extends object>(config: T | null | undefined): Partial<T> {
  return Object.fromEntries(Object.entries(config ?? {}).filter(([, value]) => value !== null)) as Partial<T>;
}
