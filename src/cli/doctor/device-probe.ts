/**
 * Checks that a device computes a matrix product here. This is a process of its own, because a broken driver ends the process
 * that uses it. Prints nothing if the product is right, and otherwise the problem.
 */

import { FathomError } from "../../core/errors.ts";
import { devices } from "../../core/records/device.ts";
import { tinyProduct } from "./tiny-product.ts";

const device = devices.find((name) => name === process.argv[2]);
if (device === undefined) throw new Error(`device-probe: no device ${process.argv[2]}`);
try {
  const { found, expected } = await tinyProduct(device);
  if (found.join() !== expected.join())
    process.stdout.write(`computed [${found.join(", ")}] where [${expected.join(", ")}] is right`);
} catch (error) {
  if (!(error instanceof FathomError)) throw error;
  process.stdout.write(`needs ${error.problem.expected}; found: ${error.problem.found}`);
}
