/** Reads fields of a format's configuration and finds its files. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { badInput } from "../../../core/errors.ts";
import { readPythonJson } from "../../../files/disk/io.ts";
import { nothingStated, type SaeParts } from "../../code/sae.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** @throws FathomError if the value is not a JSON object */
export function asFields(value: unknown, where: string): Fields {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw badInput(where, "a JSON object", Array.isArray(value) ? "an array" : shown(value));
  return value as Fields;
}

export function readFields(path: string): Fields {
  return asFields(readPythonJson(path), path);
}

export function wholeNumber(value: unknown, where: string, least = 1): number {
  if (!Number.isSafeInteger(value) || (value as number) < least)
    throw badInput(where, `a whole number from ${least}`, shown(value));
  return value as number;
}

export function positive(value: unknown, where: string): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0)
    throw badInput(where, "a number above 0", shown(value));
  return value;
}

export function flag(value: unknown, fallback: boolean, where: string): boolean {
  const given = value ?? fallback;
  if (typeof given !== "boolean") throw badInput(where, "true or false", shown(given));
  return given;
}

export function textOrNull(value: unknown, where: string): string | null {
  if (value === undefined || value === null || value === "") return null;
  if (typeof value !== "string") throw badInput(where, "a text", shown(value));
  return value;
}

/** @throws FathomError unless the value is one of the known ones */
export function oneOf<T extends string>(known: readonly T[], value: unknown, where: string): T {
  const found = known.find((name) => name === value);
  if (found === undefined) throw badInput(where, `one of ${known.join(", ")}`, shown(value));
  return found;
}

/** Formats a value of a JSON file for a message. */
export function shown(value: unknown): string {
  return value === undefined ? "none" : JSON.stringify(value);
}

/** The folder of a format's files. @param path that folder, or the weights file in it */
export function folderOf(path: string, weightsName: string): string {
  return !isFolder(path) && basename(path) === weightsName ? dirname(path) : path;
}

export function hasAll(folder: string, ...names: string[]): boolean {
  return names.every((name) => existsSync(join(folder, name)));
}

/** The files that fit. @param path one file, or a folder whose files are tried */
export function filesAt(path: string, fits: (file: string) => boolean): string[] {
  if (!isFolder(path)) return existsSync(path) && fits(path) ? [path] : [];
  return readdirSync(path)
    .toSorted()
    .map((name) => join(path, name))
    .filter(fits);
}

/** @throws FathomError if there is no file, or more than one */
export function onlyFile(path: string, files: readonly string[], expected: string): string {
  const [one, ...others] = files;
  if (one === undefined) throw badInput(path, expected, "none");
  if (others.length > 0)
    throw badInput(path, expected, `${files.length}`, `name one of them, as ${basename(one)}`);
  return one;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Default values of the parts that most formats lack; a reader overrides those that its format has. */
export const plainParts = {
  threshold: null,
  k: null,
  magnitude: null,
  applyBDecToInput: false,
  normalize: "none",
  rescaleByDecoderNorm: false,
  site: null,
  stated: nothingStated,
  notes: [],
} as const satisfies Partial<SaeParts>;
