/** A thread that updates features of an SAE in training, those that no other thread has taken yet. */
import { parentPort, workerData } from "node:worker_threads";
import { FeatureRows, type Gradients } from "./feature-rows.ts";
import { type SharedOut, takeRanges } from "./shared-out.ts";

const shared = workerData as SharedOut;
const rows = new FeatureRows(shared.trained);
parentPort!.on("message", (gradients: Gradients) => {
  takeRanges(rows, gradients, shared);
  parentPort!.postMessage("done");
});
