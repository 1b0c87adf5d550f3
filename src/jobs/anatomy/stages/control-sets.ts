/** The controls of a set. They are drawn from all features of the SAEs, so most of their members are no candidates of the search. */
import { type Controls, controlsFor } from "../../../anatomy/controls/matched.ts";
import { setOf } from "../../../anatomy/subject/feature-set.ts";
import type { FeatureSet } from "../../../anatomy/subject/subject.ts";
import type { ModelSubject } from "../subject/model-subject.ts";
import type { Stage } from "./stage.ts";

interface Controlled {
  /** Its candidates are the features of the set and of its controls, and `set` and `controls` count in them. */
  subject: ModelSubject;
  set: FeatureSet;
  controls: Controls;
}

/** @param set and `taken`, which no control may use: candidates of the search */
export async function withControls<T>(
  { subject, pool, open, plan: { sizes, calipers }, random }: Stage,
  set: FeatureSet,
  taken: FeatureSet,
  use: (controlled: Controlled) => Promise<T>,
): Promise<T> {
  const inPool = (features: FeatureSet) => setOf(features.map((f) => pool.indexOf(subject.candidates[f]!)));
  const own = inPool(set);
  const drawn = controlsFor(pool.features, pool.traits, own, {
    taken: inPool(taken),
    calipers: { norm: calipers.norm, frequency: calipers.frequency, decoderCosine: calipers.cosine },
    count: sizes.controls,
    random: random.split(`controls of ${own.join(",")}`),
  });
  const members = setOf([...own, ...drawn.controls.flatMap(({ off }) => off)]);
  const at = new Map(members.map((feature, i) => [feature, i]));
  const among = (features: FeatureSet) => features.map((feature) => at.get(feature)!);
  const opened = await open(members.map((feature) => pool.features[feature]!));
  try {
    return await use({
      subject: opened,
      set: among(own),
      controls: {
        ...drawn,
        controls: drawn.controls.map(({ off, random: change }) => ({
          off: among(off),
          ...(change === undefined ? {} : { random: { ...change, like: among(change.like) } }),
        })),
      },
    });
  } finally {
    await opened.close();
  }
}
