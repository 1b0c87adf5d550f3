/**
 * The thread that holds the sessions. A run blocks its thread, and progress, signals and servers must not wait for it.
 */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { badInput, FathomError } from "../../core/errors.ts";
import { openWeights } from "../checkpoint/checkpoint.ts";
import { collectAfterReading, collectAtRest } from "../checkpoint/collect-garbage.ts";
import { weightsIn, withoutBranches } from "../checkpoint/precision.ts";
import { capture } from "./capture.ts";
import { Engine } from "./engine.ts";
import { generate } from "./generate.ts";
import type { Arrival, Live } from "./generation.ts";
import { GradientEngine } from "./gradients.ts";
import { inputPeaks } from "./input-peaks.ts";
import { measure } from "./measure.ts";
import type { Answer, Call, Event, WorkerData } from "./protocol.ts";
import { checkDevice } from "./self-check.ts";

const port = parentPort!;
const { path, config, overlay, precision, int8Products, identity, keepRounded, options, stop } =
  workerData as WorkerData;
const stopped = new Int32Array(stop);

function send(answer: Answer, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(answer, [...transfer]);
}
/** Sends an event. A call that was told to stop ends here, between two steps, when no session runs. */
function tell(event: Event, transfer: readonly ArrayBuffer[] = []): void {
  if (Atomics.load(stopped, 0) !== 0) throw new Error("stopped");
  send({ kind: "event", event }, transfer);
}

async function answering(work: () => Promise<void>): Promise<void> {
  try {
    await work();
    send({ kind: "done" });
  } catch (error) {
    const known = error instanceof FathomError;
    send({
      kind: "failed",
      problem: known ? error.problem : null,
      exit: known ? error.exit : 1,
      message: error instanceof Error ? error.message : String(error),
      stack: error instanceof Error ? (error.stack ?? "") : "",
    });
  }
}

/** A run blocks this thread, so messages are fetched between two steps. */
function liveOver(arrivals: MessagePort): Live {
  return {
    arrived() {
      const list: Arrival[] = [];
      for (
        let next = receiveMessageOnPort(arrivals);
        next !== undefined;
        next = receiveMessageOnPort(arrivals)
      )
        list.push(next.message as Arrival);
      return list;
    },
    onNew(tokens) {
      tell({ kind: "new", tokens });
    },
  };
}

function serve(engine: Engine): void {
  const gradients = new GradientEngine(engine);
  const perform = async (call: Call): Promise<void> => {
    switch (call.kind) {
      case "generate":
        await generate(
          engine,
          call.requests,
          call.options,
          (generation, index) => {
            tell(
              { kind: "generated", generation, index },
              generation.activations.map(({ buffer }) => buffer),
            );
          },
          (count, of) => {
            tell({ kind: "tokens", count, of });
          },
          call.arrivals === null ? undefined : liveOver(call.arrivals),
        );
        call.arrivals?.close();
        return;
      case "capture":
        await capture(
          engine,
          call.requests,
          call.options,
          (piece) => {
            tell({ kind: "captured", piece }, [piece.values.buffer]);
          },
          (count) => {
            tell({ kind: "tokens", count, of: "prompt" });
          },
        );
        return;
      case "gradients": {
        if (precision !== "fp32")
          throw badInput("gradients", "a model in fp32", precision, "--precision fp32");
        const cost = await gradients.run(
          call.requests,
          call.options,
          (row) => {
            const { sites, values, masks, activations, weights } = row;
            const arrays = [...sites, ...values, ...masks, ...activations, ...weights.values()];
            tell(
              { kind: "differentiated", gradients: row },
              arrays.map(({ buffer }) => buffer),
            );
          },
          (count) => {
            tell({ kind: "tokens", count, of: "prompt" });
          },
        );
        tell({ kind: "descended", cost });
        return;
      }
      case "measure": {
        const ledger = await measure(
          engine,
          call.requests,
          call.options,
          (measured) => {
            const { watched, logProbabilities, activations, residuals, finalScales } = measured;
            const arrays = [watched, finalScales, ...residuals, ...(activations ?? [])];
            if (logProbabilities !== null) arrays.push(logProbabilities);
            tell(
              { kind: "measured", measured },
              arrays.map(({ buffer }) => buffer),
            );
          },
          (count) => {
            tell({ kind: "tokens", count, of: "prompt" });
          },
        );
        tell({ kind: "evaluated", ledger });
        return;
      }
      case "hold":
        tell({ kind: "held", held: engine.edits.hold(call.edits, call.behind) });
        return;
      case "release":
        engine.edits.release(call.held);
        return;
      case "close":
        await gradients.close();
        await engine.close();
        engine.weights.close();
    }
  };
  // `model.ts` sends one call at a time.
  port.on("message", (call: Call) => void answering(() => perform(call)).finally(collectAtRest));
}

await answering(async () => {
  const plain = await openWeights(path, config, overlay);
  collectAfterReading(config);
  const weights = await weightsIn(precision, plain, config, {
    identity,
    overlay,
    keep: keepRounded,
    int8Products,
    peaksOf: (matrices) => inputPeaks(withoutBranches(config), plain, options, matrices),
    onMatrix: (done, total) => {
      tell({ kind: "rounded", done, total });
    },
  });
  if ((options.device ?? "cpu") !== "cpu") await checkDevice(config, weights, options);
  const engine = await Engine.open(config, weights, options, (done, total) => {
    tell({ kind: "opened", done, total });
  });
  serve(engine);
});
