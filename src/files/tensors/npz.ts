/** NumPy's .npz: a zip of .npy arrays, read in place. Format: numpy.lib.format, versions 1.0 to 3.0. */
import { closeSync, fstatSync, openSync } from "node:fs";
import { badInput } from "../../core/errors.ts";
import { readProblem } from "../disk/io.ts";
import { readExactly } from "../disk/read.ts";
import { readZip, type ZipMember } from "../zip/zip.ts";
import { type FloatDType, rowMajor, StoredTensor } from "./stored-tensor.ts";

const dtypes: Readonly<Record<string, FloatDType>> = { "<f8": "F64", "<f4": "F32", "<f2": "F16" };
const magic = "\x93NUMPY";
/** Limit of a header; a real one is a line of some hundred bytes. */
const maxHeaderBytes = 65_536;

/**
 * @returns arrays by name, without ".npy"
 * @throws FathomError if the file is not a complete .npz of float arrays
 */
export function readNpz(path: string): Map<string, StoredTensor> {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    throw readProblem(path, error, "an .npz file");
  }
  try {
    const tensors = new Map<string, StoredTensor>();
    for (const [member, place] of readZip(fd, path, fstatSync(fd).size)) {
      const name = member.replace(/\.npy$/, "");
      if (tensors.has(name)) throw badInput(path, "every array once", `"${name}" twice`);
      tensors.set(name, arrayAt(fd, path, name, place));
    }
    return tensors;
  } catch (error) {
    throw readProblem(path, error, "an .npz file");
  } finally {
    closeSync(fd);
  }
}

function arrayAt(fd: number, path: string, name: string, { offset, length }: ZipMember): StoredTensor {
  const where = `${path} "${name}"`;
  const start = readExactly(fd, path, offset, Math.min(12, length));
  const view = new DataView(start.buffer);
  if (length < 12 || String.fromCharCode(...start.subarray(0, 6)) !== magic)
    throw badInput(where, "a .npy array", "something else");
  const isFirst = view.getUint8(6) === 1;
  const headerLength = isFirst ? view.getUint16(8, true) : view.getUint32(8, true);
  const headerStart = isFirst ? 10 : 12;
  if (headerLength > Math.min(maxHeaderBytes, length - headerStart))
    throw badInput(where, "a header inside the array", `one of ${headerLength} bytes`);
  const header = new TextDecoder("latin1").decode(readExactly(fd, path, offset + headerStart, headerLength));
  const { dtype, shape, fortran } = parseHeader(header, where);
  return new StoredTensor({
    path,
    name,
    dtype,
    shape,
    strides: fortran ? rowMajor(shape.toReversed()).toReversed() : rowMajor(shape),
    offset: offset + headerStart + headerLength,
    end: offset + length,
  });
}

/** Reads the three entries of the Python dictionary that NumPy writes; nothing is evaluated. */
function parseHeader(text: string, where: string): { dtype: FloatDType; shape: number[]; fortran: boolean } {
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (descr === undefined || order === undefined || sizes === undefined)
    throw badInput(where, "descr, fortran_order and shape", JSON.stringify(text.trim().slice(0, 120)));
  const dtype = dtypes[descr];
  if (dtype === undefined) throw badInput(where, `numbers of ${Object.keys(dtypes).join(", ")}`, descr);
  const shape = sizes
    .split(",")
    .filter((size) => size.trim() !== "")
    .map(Number);
  return { dtype, shape, fortran: order === "True" };
}
