/**
 * Measures this machine's speed at the main work of an audit: a float32 matrix product in ONNX Runtime. A product with few
 * rows is like decoding, where every step reads the weights from memory. A product with many rows is like reading prompts,
 * where arithmetic takes the time. The probe takes about a second.
 */
import { Graph } from "../../graph/build/graph.ts";
import { matmul } from "../../graph/ops/ops.ts";
import { Tensor } from "../../model/ort/ort.ts";
import { openWeightless } from "../../model/ort/session.ts";

/** 64 MiB of weights: larger than the caches of most machines, smaller than any model worth estimating. */
const width = 4096;

/** Rows per call when prompts are read (src/model/engine/generate.ts). */
const readingRows = 512;

/** For each of three products. A product with one row takes some milliseconds. */
const secondsOfProbing = 0.25;

export interface Speed {
  /** Seconds that a decoding step takes per weight: with one row, and with as many rows as a batch has. */
  oneRow: number;
  batch: number;
  /** Seconds that reading one token takes per weight. */
  reading: number;
}

export async function probeSpeed(batchSize: number, threads: number | null): Promise<Speed> {
  const graph = new Graph();
  const x = graph.input("x", "float32", ["N", width]);
  const w = graph.input("w", "float32", [width, width]);
  graph.output("y", matmul(x, w));
  const session = await openWeightless(graph, threads === null ? {} : { threads });
  try {
    // Ones, because a machine may multiply zeros faster than other numbers.
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

/** The result of the probe in the units that are usual for machines. */
export function describeSpeed({ oneRow, reading }: Speed): { gigabytesPerSecond: number; gigaflops: number } {
  return { gigabytesPerSecond: 4 / oneRow / 1e9, gigaflops: 2 / reading / 1e9 };
}
