/**
 * Whether WebGPU runs here: on a GPU, or on a software Vulkan. Where nothing else is set, SwiftShader is used if Debian's
 * chromium brought it (that of Debian's Mesa 22.3 lacks a feature that WebGPU asks for).
 */
import { existsSync } from "node:fs";
import { otherDevice } from "../../src/cli/doctor/checks.ts";

const swiftShader = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** Leaves the environment so that processes started later find the driver. */
export function webGpuIsHere(): boolean {
  if (otherDevice("webgpu").status === "ok") return true;
  if (process.env["VK_ICD_FILENAMES"] !== undefined || !existsSync(swiftShader)) return false;
  process.env["VK_ICD_FILENAMES"] = swiftShader;
  return otherDevice("webgpu").status === "ok";
}
