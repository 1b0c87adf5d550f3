/**
 * Reads a file of `torch.save`. It is a zip with the pickle in data.pkl and one member per storage. Before PyTorch
 * 1.6 it was several pickles one after the other, followed by the storages. Nothing in it is executed (pickle.ts).
 */
import { closeSync, fstatSync, openSync } from "node:fs";
import { badInput } from "../../core/errors.ts";
import { readProblem } from "../disk/io.ts";
import { readExactly } from "../disk/read.ts";
import { readZip } from "../zip/zip.ts";
import { Storage, storageBytes, torchGlobals } from "./globals.ts";
import { readPickle } from "./pickle.ts";
import { maxPickleBytes } from "./pickle-bytes.ts";
import { PickleGlobal, type PickleHost, type PickleValue } from "./pickle-values.ts";

/** "PK\x03\x04" */
const zipSignature = 0x04034b50;
/** The value of the first pickle in the layout before 1.6, as digits (0x1950a86a20f9469cfc6c). */
const legacyMagic = "119547037146038801333356";
const legacyProtocol = 1001;

/**
 * @returns the saved value; tensors of floats are `StoredTensor`s
 * @throws FathomError if the file is incomplete or asks for more than tensors
 */
export function readTorch(path: string): PickleValue {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    throw readProblem(path, error, "a .pt file");
  }
  try {
    const { size } = fstatSync(fd);
    const isZip =
      size >= 4 && new DataView(readExactly(fd, path, 0, 4).buffer).getUint32(0, true) === zipSignature;
    return isZip ? readZipped(fd, path, size) : readLegacy(fd, path, size);
  } catch (error) {
    throw readProblem(path, error, "a .pt file");
  } finally {
    closeSync(fd);
  }
}

function readZipped(fd: number, path: string, size: number): PickleValue {
  const members = readZip(fd, path, size);
  const program = [...members.keys()].filter((name) => name === "data.pkl" || name.endsWith("/data.pkl"));
  if (program.length !== 1)
    throw badInput(path, "one data.pkl in the zip", `${program.length}`, "a file that torch.save wrote");
  const folder = program[0]!.slice(0, -"data.pkl".length);
  const read = (name: string) => {
    const member = members.get(folder + name);
    if (member === undefined) return null;
    if (member.length > maxPickleBytes)
      throw badInput(`${path} ${name}`, `at most ${maxPickleBytes} bytes`, String(member.length));
    return readExactly(fd, path, member.offset, member.length);
  };
  const byteOrder = read("byteorder");
  if (byteOrder !== null && new TextDecoder().decode(byteOrder) !== "little")
    throw badInput(
      `${path} byteorder`,
      "little",
      JSON.stringify(new TextDecoder().decode(byteOrder.subarray(0, 20))),
    );
  const host: PickleHost = {
    global: torchGlobals(path),
    persistent(id) {
      const { type, key, count } = storageId(id, path);
      const { dtype, bytes } = storageBytes[type]!;
      const member = members.get(`${folder}data/${key}`);
      if (member === undefined) throw badInput(path, `the storage "data/${key}"`, "none in the zip");
      if (member.length < count * bytes)
        throw badInput(`${path} "data/${key}"`, `${count * bytes} bytes`, String(member.length));
      return new Storage(dtype, member.offset, member.length);
    },
  };
  return readPickle(read("data.pkl")!, `${path} data.pkl`, host).value;
}

/**
 * The old layout has five pickles: magic number, protocol, facts about the machine, the value, and the keys of its
 * storages. Then each storage follows: its number of elements as int64, then its bytes. The places of the storages
 * are known only after the value was read once, so the value is read twice.
 */
function readLegacy(fd: number, path: string, size: number): PickleValue {
  let at = 0;
  // Of the five pickles, only the value and the keys of its storages are long.
  const program = readExactly(fd, path, 0, Math.min(size, 3 * maxPickleBytes));
  const next = (host: PickleHost): PickleValue => {
    const { value, length } = readPickle(program.subarray(at), path, host);
    at += length;
    return value;
  };
  const plain: PickleHost = {
    global: () => null,
    persistent: () => {
      throw badInput(path, "a file that torch.save wrote", "a persistent id before its value");
    },
  };
  if (next(plain) !== legacyMagic)
    throw badInput(
      path,
      "a file that torch.save wrote",
      "another pickle",
      "the same weights as .safetensors",
    );
  if (next(plain) !== legacyProtocol)
    throw badInput(path, `protocol ${legacyProtocol} of torch.save`, "another");
  const machine = next(plain);
  if (!(machine instanceof Map) || machine.get("little_endian") !== true)
    throw badInput(path, "a file of a little-endian machine", "another");
  const start = at;
  // The value is read first for the keys, and again for the tensors when the place of each storage is known.
  const asked = new Map<string, { bytes: number }>();
  const global = torchGlobals(path);
  next({
    global,
    persistent(id) {
      const { type, key, count } = storageId(id, path);
      const { dtype, bytes } = storageBytes[type]!;
      asked.set(key, { bytes });
      return new Storage(dtype, 0, count * bytes);
    },
  });
  const keys = next(plain);
  if (!Array.isArray(keys)) throw badInput(path, "a list of storages", "something else");
  const places = new Map<string, { offset: number; length: number }>();
  for (const key of keys as readonly PickleValue[]) {
    const storage = typeof key === "string" ? asked.get(key) : undefined;
    if (typeof key !== "string" || storage === undefined || places.has(key))
      throw badInput(path, "every storage once, each used", JSON.stringify(key));
    if (at + 8 > size)
      throw badInput(path, `the storage "${key}"`, "the end", "fetch the file again; it is cut short");
    const count = Number(new DataView(readExactly(fd, path, at, 8).buffer).getBigInt64(0, true));
    const length = count * storage.bytes;
    if (!(count >= 0 && at + 8 + length <= size))
      throw badInput(
        path,
        `${length} bytes of storage "${key}"`,
        `${size - at - 8}`,
        "fetch the file again; it is cut short",
      );
    places.set(key, { offset: at + 8, length });
    at += 8 + length;
  }
  at = start;
  return next({
    global,
    persistent(id) {
      const { type, key } = storageId(id, path);
      const place = places.get(key);
      if (place === undefined) throw badInput(path, `the storage "${key}"`, "none in the file");
      return new Storage(storageBytes[type]!.dtype, place.offset, place.length);
    },
  });
}

/** A persistent id is ("storage", class, key, device, count); in old files the place of a view follows. */
function storageId(id: PickleValue, path: string): { type: string; key: string; count: number } {
  const [kind, type, key, , count, view] = Array.isArray(id) ? (id as readonly PickleValue[]) : [];
  if (
    kind !== "storage" ||
    !(type instanceof PickleGlobal) ||
    !Object.hasOwn(storageBytes, type.name) ||
    typeof key !== "string" ||
    !Number.isSafeInteger(count) ||
    (count as number) < 0 ||
    (view ?? null) !== null
  )
    throw badInput(path, "persistent ids of storages", "another persistent id");
  return { type: type.name, key, count: count as number };
}
