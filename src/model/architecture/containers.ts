/**
 * The text part of a multimodal checkpoint: where its settings and its tensors are. Fathom neither reads nor checks the
 * towers, which turn pictures and sound into embeddings.
 */
import type { Family } from "./families/family.ts";
import type { Settings } from "./settings/settings.ts";

/** Settings of the towers, and the token ids that stand for a tower's output. */
const ofTowers = [
  "vision_config",
  "audio_config",
  "mm_tokens_per_image",
  ...["image", "video", "audio", "boi", "eoi", "boa", "eoa"].flatMap((mark) => [
    `${mark}_token_id`,
    `${mark}_token_index`,
  ]),
];

/** The settings of the text part. No other setting of a container changes the computation. */
export function textSettings(container: Settings, family: Family): Settings {
  const text = container.nested("text_config");
  text.only("model_type", ...Object.values(family.classes));
  text.inert(["architectures"]);
  // Transformers 4 reads this from the text part, Transformers 5 from the container. Every published container is tied.
  for (const settings of [container, text]) settings.only("tie_word_embeddings", true);
  container.inert(ofTowers);
  return text;
}

/** "text_config" of a container's config.json; null when there is none. */
export function textConfigOf(json: unknown): unknown {
  return (json as { text_config?: unknown } | null)?.text_config ?? null;
}

/** Tensor name prefix in a container → prefix in a checkpoint of the text model alone; null for a tower's tensors. */
const layouts: readonly Readonly<Record<string, string | null>>[] = [
  // The published layout, which Transformers 4 saves too.
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
 * Maps a tensor's name in the file to its name in a checkpoint of the text model alone; null for a tensor that is not
 * part of the text model. If the file is not a container's, names do not change.
 */
export function textNames(names: readonly string[]): (name: string) => string | null {
  const layout = layoutOf(names);
  return (name) => {
    const [prefix, plain] = layout.find(([prefix]) => name.startsWith(prefix)) ?? ["", ""];
    return plain === null ? null : plain + name.slice(prefix.length);
  };
}

/** The inverse: maps a name in a checkpoint of the text model alone to the name in a container with these `names`. */
export function containerNames(names: readonly string[]): (name: string) => string {
  const layout = layoutOf(names);
  return (name) => {
    const [prefix, plain] = layout.find(([, plain]) => plain !== null && name.startsWith(plain)) ?? ["", ""];
    return prefix + name.slice(plain?.length);
  };
}

/** The layout of the container; empty when no name belongs to a container's text part. */
function layoutOf(names: readonly string[]): readonly (readonly [prefix: string, plain: string | null])[] {
  return (
    layouts
      .map((prefixes) => Object.entries(prefixes))
      .find(([[text] = [""]]) => names.some((name) => name.startsWith(text))) ?? []
  );
}
