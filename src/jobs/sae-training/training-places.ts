/**
 * Where the SAE of each layer is trained. A training of one layer writes to `OUT`. A training of several layers writes to
 * `OUT/layer-N`, and each layer has a training folder of its own, so that layers finish one by one.
 */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { badInput } from "../../core/errors.ts";
import { readJson } from "../../files/disk/io.ts";
import {
  folderOf,
  hasBegun,
  requireFree,
  said,
  type TrainingFolder,
  type TrainingSettings,
  trainingFolder,
} from "./training-folder.ts";

interface Place {
  layer: number;
  out: string;
}

export interface TakenPlace extends Place {
  /** null: an earlier session finished this layer. */
  folder: TrainingFolder | null;
}

const placesOf = (out: string, layers: readonly number[]): Place[] =>
  layers.length === 1
    ? [{ layer: layers[0]!, out }]
    : layers.map((layer) => ({ layer, out: join(out, `layer-${layer}`) }));

/** Whether there is something that `--resume` goes on with. */
export const anyHasBegun = (out: string, layers: readonly number[]): boolean =>
  placesOf(out, layers).some((place) => hasBegun(place.out));

/**
 * Takes the folder of each layer, in the order of `layers`. With `resume`, a layer that is finished stays as it is, and a layer
 * that never began begins now.
 * @throws FathomError as `trainingFolder` does, and for a finished layer that was trained with other settings; then none is taken
 */
export function takePlaces(
  out: string,
  layers: readonly number[],
  settingsOf: (layer: number) => TrainingSettings,
  resume: boolean,
): TakenPlace[] {
  const places = placesOf(out, layers);
  if (places.length > 1 && !resume) requireNew(out, places);
  // A training folder without settings is a start that did not finish. Without any, --resume is refused as for one layer.
  const nothing = !places.some((place) => existsSync(folderOf(place.out)) || isFinished(place));
  const taken: TakenPlace[] = [];
  try {
    for (const place of places) {
      const settings = settingsOf(place.layer);
      if (resume && isFinished(place)) {
        requireSettings(place, settings);
        taken.push({ ...place, folder: null });
        continue;
      }
      const goesOn = resume && (nothing || places.length === 1 || hasBegun(place.out));
      taken.push({ ...place, folder: trainingFolder(place.out, settings, goesOn) });
    }
    return taken;
  } catch (error) {
    release(taken);
    throw error;
  }
}

export function release(places: readonly TakenPlace[]): void {
  for (const { folder } of places) folder?.release();
}

function requireNew(out: string, places: readonly Place[]): void {
  if (places.some((place) => hasBegun(place.out)))
    throw badInput(
      out,
      "no training under way",
      "one that was cut",
      "--resume to go on with it, or remove the folder",
    );
  requireFree(
    out,
    places.map((place) => basename(folderOf(place.out))),
  );
}

/** The config is the last file that a training writes. */
const isFinished = ({ out }: Place): boolean => existsSync(join(out, "cfg.json")) && !hasBegun(out);

function requireSettings({ out }: Place, settings: TrainingSettings): void {
  const path = join(out, "training.json");
  const kept = z.object({ training: z.record(z.string(), z.unknown()) }).safeParse(readJson(path));
  if (!kept.success) throw badInput(path, "the record of a training", "something else");
  const record = kept.data.training;
  for (const [name, now] of Object.entries(settings))
    if (record[name] !== now)
      throw badInput(
        `${out}: --resume`,
        `${name} ${said(record[name])}, as this layer was trained`,
        said(now),
        "the same options, or another --out",
      );
}
