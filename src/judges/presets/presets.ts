/** All presets, by name. */
import { harmbench } from "./harmbench.ts";
import { labels } from "./labels.ts";
import { llamaGuard3 } from "./llama-guard-3.ts";
import type { Preset } from "./preset.ts";
import { qwen3guard } from "./qwen3guard.ts";
import { wildguard } from "./wildguard.ts";

export const presets: readonly Preset[] = [labels, wildguard, llamaGuard3, qwen3guard, harmbench];
export const presetNames = presets.map(({ name }) => name);

export function presetCalled(name: string): Preset | null {
  return presets.find((preset) => preset.name === name) ?? null;
}
