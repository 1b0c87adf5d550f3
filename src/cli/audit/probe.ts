/**
 * How fast this machine is at what an audit spends its time on, measured rather than guessed: a float32 matrix product
 * through ONNX Runtime, with few rows (decoding: the weights are read from memory for every step) and with many (reading
 * prompts: arithmetic). About two seconds.
 */
import { Graph } from "../../graph/build/graph.ts";
import { matmul } from "../../graph/ops/ops.ts";
import { Tensor } from "../../model/ort/ort.ts";
import { openWeightless } from "../../model/ort/session.ts";

/** 64 MiB of weights: larger than the caches of most machines, smaller than any model worth estimating. */
const width = 4096;

/** Rows of one call when prompts are read (src/model/engine/generate.ts). */
const readingRows = 512;

const secondsOfProbing = 0.6;

export interface Speed {
  /** Seconds that one decoding step spends on one weight, at one row and at the batch's rows. */
  oneRow: number;
  batch: number;
  /** Seconds that one token being read spends on one weight. */
  reading: number;
}

export async function probeSpeed(batchSize: number, threads: number | null): Promise<Speed> {
  const graph = new Graph();
  const x = graph.input("x", "float32", ["N", width]);
  const w = graph.input("w", "float32", [width, width]);
  graph.output("y", matmul(x, w));
  const session = await openWeightless(graph, threads === null ? {} : { threads });
  try {
    // Zeros would do on most machines; ones cannot be taken for a special case on any.
    const weights = new Tensor("float32", new Float32Array(width * width).fill(1), [width, width]);
    const secondsOf = async (rows: number): Promise<number> => {
      const feeds = {
        x: new Tensor("float32", new Float32Array(rows * width).fill(1), [rows, width]),
        w: weights,
      };
      await session.run(feeds);
      let best = Infinity;
      const start = performance.now();
      do {
        const before = performance.now();
        await session.run(feeds);
        best = Math.min(best, (performance.now() - before) / 1000);
      } while (performance.now() - start < secondsOfProbing * 1000);
      return best;
    };
    const perWeight = 1 / (width * width);
    return {
      oneRow: (await secondsOf(1)) * perWeight,
      batch: (await secondsOf(batchSize)) * perWeight,
      reading: ((await secondsOf(readingRows)) * perWeight) / readingRows,
    };
  } finally {
    await session.release();
  }
}

/** What the probe says about the machine, in the units that people compare machines by. */
export function describeSpeed({ oneRow, reading }: Speed): { gigabytesPerSecond: number; gigaflops: number } {
  return { gigabytesPerSecond: 4 / oneRow / 1e9, gigaflops: 2 / reading / 1e9 };
}
