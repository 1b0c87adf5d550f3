/** The only globals that a pickle of tensors may use: PyTorch's functions that rebuild tensors, and its dictionary. */
import { badInput } from "../../core/errors.ts";
import { floatBytes, isFloat, StoredTensor } from "../tensors/stored-tensor.ts";
import { OtherTensor } from "./other-tensor.ts";
import { PickleGlobal, type PickleKey, type PickleValue } from "./pickle-values.ts";

/** The bytes of a file that hold tensors. */
export class Storage {
  readonly dtype: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;

  constructor(dtype: string, offset: number, length: number) {
    this.dtype = dtype;
    this.offset = offset;
    this.length = length;
  }
}

/** Type and bytes per element of torch's storage classes. */
export const storageBytes: Readonly<Record<string, { dtype: string; bytes: number }>> = {
  DoubleStorage: { dtype: "F64", bytes: 8 },
  FloatStorage: { dtype: "F32", bytes: 4 },
  HalfStorage: { dtype: "F16", bytes: 2 },
  BFloat16Storage: { dtype: "BF16", bytes: 2 },
  LongStorage: { dtype: "I64", bytes: 8 },
  IntStorage: { dtype: "I32", bytes: 4 },
  ShortStorage: { dtype: "I16", bytes: 2 },
  CharStorage: { dtype: "I8", bytes: 1 },
  ByteStorage: { dtype: "U8", bytes: 1 },
  BoolStorage: { dtype: "BOOL", bytes: 1 },
};

/** @param path the file that holds the tensors */
export function torchGlobals(path: string) {
  const rebuild = (args: readonly PickleValue[]): StoredTensor | OtherTensor => {
    const [storage, offset, shape, strides] = args;
    if (!(storage instanceof Storage) || typeof offset !== "number" || !isSizes(shape) || !isSizes(strides))
      throw badInput(path, "a tensor's storage, offset, shape and strides", "something else");
    const { dtype } = storage;
    const { bytes } = Object.values(storageBytes).find((known) => known.dtype === dtype)!;
    const end = storage.offset + storage.length;
    if (!isFloat(dtype))
      return new OtherTensor(dtype, shape, { path, strides, offset: storage.offset + offset * bytes, end });
    return new StoredTensor({
      path,
      name: "tensor",
      dtype,
      shape,
      strides,
      offset: storage.offset + offset * floatBytes[dtype],
      end,
    });
  };
  const known: Readonly<Record<string, PickleGlobal["call"]>> = {
    "collections.OrderedDict": ([pairs]) => {
      const items = (pairs ?? []) as readonly (readonly [PickleKey, PickleValue])[];
      if (
        !Array.isArray(items) ||
        !items.every((item) => Array.isArray(item) && item.length === 2 && isKey(item[0]))
      )
        throw badInput(path, "a dictionary's keys and values", "something else");
      return new Map<PickleKey, PickleValue>(items);
    },
    "torch._utils._rebuild_tensor": rebuild,
    "torch._utils._rebuild_tensor_v2": rebuild,
    "torch._utils._rebuild_parameter": ([tensor]) => {
      if (tensor instanceof StoredTensor || tensor instanceof OtherTensor) return tensor;
      throw badInput(path, "a parameter's tensor", "something else");
    },
    "torch.Size": ([sizes]) => {
      if (isSizes(sizes)) return sizes;
      throw badInput(path, "a shape", "something else");
    },
    ...Object.fromEntries(Object.keys(storageBytes).map((name) => [`torch.${name}`, null])),
    // A dtype appears as a value in a configuration: it may be named, but never called.
    ...Object.fromEntries(
      ["float64", "float32", "float16", "bfloat16", "int64", "int32"].map((name) => [`torch.${name}`, null]),
    ),
    "torch.device": ([kind]) => (typeof kind === "string" ? kind : null),
  };
  return (module: string, name: string): PickleGlobal | null => {
    const full = `${module}.${name}`;
    return Object.hasOwn(known, full) ? new PickleGlobal(module, name, known[full]!) : null;
  };
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

function isKey(value: unknown): value is PickleKey {
  return value === null || typeof value !== "object";
}
