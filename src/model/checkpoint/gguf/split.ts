/**
 * A model in several GGUF files, as llama-gguf-split and the converter write it. NAME-00001-of-00003.gguf holds the
 * metadata, and every file holds its own tensors. The caller opens the first file; the others are in the same folder.
 */
import { badInput } from "../../../core/errors.ts";
import { type GgufHeader, readGgufFile } from "./header.ts";

/** Whether a file belongs to a split model but is not its first file, so that it cannot be opened by itself. */
export function isLaterSplit(path: string): boolean {
  return /-(?!00001)\d{5}-of-\d{5}\.gguf$/i.test(path);
}

/**
 * One header for the whole model: the first file's metadata, and the tensors of all files.
 * @throws FathomError naming a file that is missing, broken, or of another model
 */
export function readGgufHeader(path: string): GgufHeader {
  const first = readGgufFile(path);
  const count = splitKey(first, "count", 1);
  if (count === 1) return first;
  const number = splitKey(first, "no", 0) + 1;
  const suffix = (n: number): string => `-${digits(n)}-of-${digits(count)}.gguf`;
  const own = path.slice(-suffix(number).length);
  if (own.toLowerCase() !== suffix(number))
    throw badInput(path, `a name that ends in ${suffix(number)}, as its "split.no" says`, "another name");
  // The other files have the same spelling as this one, also "-OF-" and ".GGUF" in capitals.
  const file = (n: number): string => path.slice(0, -own.length) + own.replace(/\d{5}/, digits(n));
  if (number !== 1) throw badInput(path, "the first file of a split model", `file ${number}`, file(1));
  const parts = [first];
  for (let n = 2; n <= count; n++) parts.push(readPart(first, file(n), n));
  return { ...first, tensors: joined(first, parts) };
}

function readPart(first: GgufHeader, path: string, number: number): GgufHeader {
  const part = readGgufFile(path);
  const count = splitKey(first, "count", 1);
  if (splitKey(part, "no", 0) !== number - 1 || splitKey(part, "count", 1) !== count)
    throw badInput(path, `file ${number} of ${count} of the split model`, "another one");
  for (const [key, value] of part.metadata)
    if (!key.startsWith("split.") && JSON.stringify(value) !== JSON.stringify(first.metadata.get(key)))
      throw badInput(`${path} "${key}"`, "the value of the first file", "another one");
  return part;
}

function joined(first: GgufHeader, parts: readonly GgufHeader[]): GgufHeader["tensors"] {
  const tensors = parts.flatMap((part) => part.tensors);
  const names = new Set<string>();
  for (const { file, name } of tensors) {
    if (names.has(name)) throw badInput(`${file} "${name}"`, "every tensor in one of the files", "it twice");
    names.add(name);
  }
  const expected = splitKey(first, "tensors.count", tensors.length);
  if (expected !== tensors.length)
    throw badInput(
      `${first.path} "split.tensors.count"`,
      `${expected} tensors in all`,
      String(tensors.length),
    );
  return tensors;
}

function splitKey({ path, metadata }: GgufHeader, key: string, fallback: number): number {
  const value = metadata.get(`split.${key}`) ?? fallback;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 99_999)
    throw badInput(`${path} "split.${key}"`, "a whole number below 100000", JSON.stringify(value));
  // A single file may have a count of 0.
  return key === "count" ? Math.max(1, value) : value;
}

function digits(number: number): string {
  return String(number).padStart(5, "0");
}
