/**
 * Finds out whether WebGPU runs on this machine: on a GPU, or on a software Vulkan. If nothing else is set,
 * SwiftShader from Debian's chromium is used if it is installed (the software Vulkan of Debian's Mesa 22.3 lacks a
 * feature that WebGPU needs).
 */
import { existsSync } from "node:fs";
import { otherDevice } from "../../src/cli/doctor/checks.ts";

const swiftShader = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** Also sets an environment variable, so that processes started later find the driver. */
export function webGpuIsHere(): boolean {
  if (otherDevice("webgpu").status === "ok") return true;
  if (process.env["VK_ICD_FILENAMES"] !== undefined || !existsSync(swiftShader)) return false;
  process.env["VK_ICD_FILENAMES"] = swiftShader;
  return otherDevice("webgpu").status === "ok";
}
