/**
 * Reads and checks the whole JSON header of a safetensors file: types, sizes, bounds, holes, overlaps and duplicate
 * names.
 */
import { badInput } from "../../core/errors.ts";
import { endOfString, isClosing, isOpening, parseJson } from "../disk/json.ts";

const [quote, colon] = [0x22, 0x3a];

/** Bytes per element; below 1 if several elements share a byte. */
const bytesOf = {
  F4: 1 / 2,
  F6_E2M3: 3 / 4,
  F6_E3M2: 3 / 4,
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
  F8_E4M3FNUZ: 1,
  F8_E5M2FNUZ: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
  C64: 8,
} as const;

type SafetensorsDType = keyof typeof bytesOf;

export interface SafetensorsEntry {
  dtype: SafetensorsDType;
  /** Row-major, slowest axis first; [] is a scalar. */
  shape: readonly number[];
  /** Bytes from the start of the file. */
  offset: number;
  /** Bytes. */
  length: number;
}

export interface SafetensorsHeader {
  /** By name, in the order of their bytes in the file. */
  entries: Map<string, SafetensorsEntry>;
  metadata: Record<string, string>;
}

/**
 * @param dataStart offset in the file of the tensors' first byte
 * @param fileSize in bytes
 * @throws FathomError that names file and tensor
 */
export function parseHeader(
  text: string,
  path: string,
  dataStart: number,
  fileSize: number,
): SafetensorsHeader {
  const header = parseObject(text, path);
  refuseTwice(text, path);
  const { __metadata__: rawMetadata, ...tensors } = header;
  const listed = Object.entries(tensors).map(
    ([name, raw]) => [name, parseEntry(raw, `${path} "${name}"`, dataStart)] as const,
  );
  // An empty tensor has the same offset as the next tensor; it sorts before it.
  listed.sort(([, a], [, b]) => a.offset - b.offset || a.length - b.length);
  let end = dataStart;
  for (const [name, entry] of listed) {
    if (entry.offset !== end)
      throw badInput(
        `${path} "${name}"`,
        `bytes that begin at ${end - dataStart}, where the tensor before ends`,
        entry.offset < end
          ? `an overlap, beginning at ${entry.offset - dataStart}`
          : `a hole before ${entry.offset - dataStart}`,
      );
    end = entry.offset + entry.length;
  }
  if (end > fileSize)
    throw badInput(path, `${end} bytes`, `${fileSize}`, "fetch the file again; it is cut short");
  if (end < fileSize)
    throw badInput(path, `${end} bytes`, `${fileSize - end} more than the header accounts for`);
  return { entries: new Map(listed), metadata: parseMetadata(rawMetadata, path) };
}

function parseObject(text: string, path: string): Record<string, unknown> {
  const value = parseJson(
    text,
    path,
    "a safetensors header of JSON",
    "check that this is a safetensors file",
  );
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw badInput(
      path,
      "a safetensors header that is a JSON object",
      Array.isArray(value) ? "an array" : String(value),
    );
  return value as Record<string, unknown>;
}

function parseEntry(raw: unknown, where: string, dataStart: number): SafetensorsEntry {
  const { dtype, shape, data_offsets: offsets } = (raw ?? {}) as Record<string, unknown>;
  if (typeof dtype !== "string" || !Object.hasOwn(bytesOf, dtype))
    throw badInput(where, `a dtype among ${Object.keys(bytesOf).join(", ")}`, show(dtype));
  if (!isSizes(shape)) throw badInput(where, "a shape of whole numbers", show(shape));
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!)
    throw badInput(where, "data_offsets [begin, end]", show(offsets));
  const length = offsets[1]! - offsets[0]!;
  const width = bytesOf[dtype as SafetensorsDType];
  const needed = shape.reduce((product, size) => product * size, width);
  if (needed !== length)
    throw badInput(where, `${needed} bytes for ${dtype} [${shape.join(", ")}]`, `${length} bytes`);
  return { dtype: dtype as SafetensorsDType, shape, offset: dataStart + offsets[0]!, length };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

function parseMetadata(raw: unknown, path: string): Record<string, string> {
  if (raw === undefined || raw === null) return {};
  const isTextMap =
    typeof raw === "object" &&
    !Array.isArray(raw) &&
    Object.values(raw).every((value) => typeof value === "string");
  if (!isTextMap) throw badInput(path, "a __metadata__ of texts", JSON.stringify(raw));
  return raw as Record<string, string>;
}

/** Refuses a key that occurs twice. JSON.parse silently keeps the last one; other readers may keep the first. */
function refuseTwice(text: string, path: string): void {
  const seen = new Set<string>();
  let depth = 0;
  let last = "";
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === quote) {
      const end = endOfString(text, at);
      last = text.slice(at, end);
      at = end - 1;
    } else if (isOpening(unit)) depth += 1;
    else if (isClosing(unit)) depth -= 1;
    else if (unit === colon && depth === 1) {
      const name = JSON.parse(last) as string;
      if (seen.has(name)) throw badInput(path, "every tensor named once", `"${name}" twice`);
      seen.add(name);
    }
  }
}

function show(value: unknown): string {
  return value === undefined ? "none" : JSON.stringify(value);
}
