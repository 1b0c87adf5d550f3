/**
 * A multimodal checkpoint opened for its text part alone: where that part's settings and tensors are. The towers that
 * turn pictures and sound into embeddings are neither read nor checked.
 */
import type { Family } from "./families/family.ts";
import type { Settings } from "./settings/settings.ts";

/** About the towers, and the ids that stand for what they make. */
const ofTowers = [
  "vision_config",
  "audio_config",
  "mm_tokens_per_image",
  ...["image", "video", "audio", "boi", "eoi", "boa", "eoa"].flatMap((mark) => [
    `${mark}_token_id`,
    `${mark}_token_index`,
  ]),
];

/** The settings of the text part. Nothing else of a container's own settings computes. */
export function textSettings(container: Settings, family: Family): Settings {
  const text = container.nested("text_config");
  text.only("model_type", ...Object.values(family.classes));
  text.inert(["architectures"]);
  // Transformers 4 asks the text part and 5 the container; every published one is tied.
  for (const settings of [container, text]) settings.only("tie_word_embeddings", true);
  container.inert(ofTowers);
  return text;
}

/** "text_config" of a container's config.json; null where there is none. */
export function textConfigOf(json: unknown): unknown {
  return (json as { text_config?: unknown } | null)?.text_config ?? null;
}

/** Prefixes of a text model's tensors → what they are called in a checkpoint of that model alone; null for a tower's. */
const layouts: readonly Readonly<Record<string, string | null>>[] = [
  // As published, and as Transformers 4 saves them.
  {
    "language_model.model.": "model.",
    "language_model.lm_head.": "lm_head.",
    "vision_tower.": null,
    "multi_modal_projector.": null,
  },
  {
    "model.language_model.": "model.",
    "model.vision_tower.": null,
    "model.audio_tower.": null,
    "model.multi_modal_projector.": null,
    "model.embed_vision.": null,
    "model.embed_audio.": null,
  },
];

/**
 * From a tensor's name in the file to its name in a checkpoint of the text model alone; null for what is not of it. In a
 * file that is no container's every name stays.
 */
export function textNames(names: readonly string[]): (name: string) => string | null {
  const layout = layoutOf(names);
  return (name) => {
    const [prefix, plain] = layout.find(([prefix]) => name.startsWith(prefix)) ?? ["", ""];
    return plain === null ? null : plain + name.slice(prefix.length);
  };
}

/** The way back: from a name in a checkpoint of the text model alone to that in a container with these names. */
export function containerNames(names: readonly string[]): (name: string) => string {
  const layout = layoutOf(names);
  return (name) => {
    const [prefix, plain] = layout.find(([, plain]) => plain !== null && name.startsWith(plain)) ?? ["", ""];
    return prefix + name.slice(plain?.length);
  };
}

/** Empty where no name is of a container's text part. */
function layoutOf(names: readonly string[]): readonly (readonly [prefix: string, plain: string | null])[] {
  return (
    layouts
      .map((prefixes) => Object.entries(prefixes))
      .find(([[text] = [""]]) => names.some((name) => name.startsWith(text))) ?? []
  );
}
