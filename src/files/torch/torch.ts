/**
 * A file that `torch.save` wrote: a zip with the pickle in data.pkl and each storage a member, or (before PyTorch 1.6)
 * pickles one after the other with the storages behind them. Nothing of it is executed (pickle.ts).
 */
import { closeSync, fstatSync, openSync } from "node:fs";
import { badInput } from "../../core/errors.ts";
import { readProblem } from "../disk/io.ts";
import { readExactly } from "../disk/read.ts";
import { readZip } from "../tensors/zip.ts";
import { Storage, storageBytes, torchGlobals } from "./globals.ts";
import { readPickle } from "./pickle.ts";
import { maxPickleBytes } from "./pickle-bytes.ts";
import { PickleGlobal, type PickleHost, type PickleValue } from "./pickle-values.ts";

/** "PK\x03\x04" */
const zipSignature = 0x04034b50;
/** The first pickle of the layout before 1.6, as its digits (0x1950a86a20f9469cfc6c). */
const legacyMagic = "119547037146038801333356";
const legacyProtocol = 1001;

/**
 * @returns what was saved; tensors of floats are `StoredTensor`s
 * @throws FathomError for every way in which the file is not whole, or asks for more than tensors
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
 * Magic number, protocol, facts of the machine, the value, the keys of its storages; then each storage: its count as
 * int64 and its bytes. The storages' places are known only when the value has been read, so they are counted off first.
 */
function readLegacy(fd: number, path: string, size: number): PickleValue {
  let at = 0;
  // Five pickles, of which only the value and its storages' keys are long.
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
  // First for the keys, then, when it is known where each storage lies, for the tensors.
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

/** ("storage", class, key, device, count), with a view's place behind it in old files. */
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
