/**
 * Finds the operators that a device did not run. If an execution provider has no kernel for an operator, ONNX Runtime
 * silently runs it on the CPU; only its traces name the provider of each operator. Sizes and shapes are computed on the
 * CPU on every device, so only operators with floating-point outputs count.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { failure } from "../../core/errors.ts";

const traceSchema = z.array(
  z.object({
    args: z
      .object({
        op_name: z.string(),
        provider: z.string(),
        output_type_shape: z.array(z.record(z.string(), z.unknown())),
      })
      .partial()
      .optional(),
  }),
);

/** @param folder the traces of sessions, which must be closed @returns the ONNX names of the operators, sorted */
export function operatorsOnCpu(folder: string): string[] {
  const found = new Set<string>();
  let ran = 0;
  for (const name of readdirSync(folder)) {
    const trace = traceSchema.parse(JSON.parse(readFileSync(join(folder, name), "utf8")));
    for (const { args } of trace) {
      if (args?.op_name === undefined || args.provider === undefined) continue;
      ran++;
      const outputs = (args.output_type_shape ?? []).flatMap(Object.keys);
      if (args.provider === "CPUExecutionProvider" && outputs.some((type) => type.includes("float")))
        found.add(args.op_name);
    }
  }
  if (ran === 0) throw new Error(`no operator in the traces of ${folder}`);
  return [...found].sort();
}

/** @throws FathomError (exit 1) naming the operators that the device left to the CPU */
export function requirePlacement(device: string, folder: string): void {
  const left = operatorsOnCpu(folder);
  if (left.length > 0)
    throw failure(
      `--device ${device}`,
      "every operator of the model on the device",
      `${left.join(", ")} left to the CPU by ONNX Runtime`,
      "--device cpu",
    );
}
