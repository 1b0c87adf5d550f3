/** Random shapes: broadcasting, reshaping, and products over every mix of batch axes. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkGradient, smoothOperand } from "../../test/support/finite-differences.ts";
import { count, open } from "../../test/support/graph.ts";
import { dimOf, divide, factorsOf, productOf, sumOf } from "./build/dims.ts";
import { Graph } from "./build/graph.ts";
import * as ops from "./ops/ops.ts";

const runs = { numRuns: 25, seed: 20261121 };
const size = fc.integer({ min: 0, max: 3 });
/** Never 0: ONNX Runtime's products cannot broadcast an operand over an axis of size 0. */
const batchSize = fc.integer({ min: 1, max: 3 });

/** Two shapes that broadcast: a common shape, with some axes of either set to 1 and leading axes of one left out. */
const broadcastPair = (size: fc.Arbitrary<number>) =>
  fc
    .array(fc.record({ size, one: fc.constantFrom("neither", "left", "right") }), { maxLength: 3 })
    .chain((axes) => {
      const side = (name: string) => axes.map((axis) => (axis.one === name ? 1 : axis.size));
      return fc.record({
        left: fc.constant(side("left")),
        right: fc.nat({ max: axes.length }).map((dropped) => side("right").slice(dropped)),
      });
    });

test("the gradient of a stretched product is summed back to each operand's shape", async () => {
  await fc.assert(
    fc.asyncProperty(broadcastPair(size), async ({ left, right }) => {
      await checkGradient({
        operands: [smoothOperand(left), smoothOperand(right, { seed: 1 })],
        build: (a, b) => ops.mul(ops.sub(a, b), b),
      });
    }),
    runs,
  );
});

/**
 * Operands of a product. Where M, K or N may be 0, the batch axes are the same on both sides or b has none: ONNX Runtime
 * gives a broadcast empty product the wrong shape.
 */
const product = fc
  .record({ batch: broadcastPair(batchSize), empty: fc.boolean(), plainRight: fc.boolean() })
  .chain(({ batch: { left, right }, empty, plainRight }) => {
    const matrixSize = empty ? size : batchSize;
    const sameRight = plainRight ? [] : left;
    return fc.record({
      left: fc.constant(left),
      right: fc.constant(empty ? sameRight : right),
      m: matrixSize,
      k: matrixSize,
      n: matrixSize,
      transA: empty && plainRight ? fc.constant(false) : fc.boolean(),
      transB: fc.boolean(),
    });
  });

test("matmul over any batch axes, transposed or not", async () => {
  await fc.assert(
    fc.asyncProperty(product, async ({ left, right, m, k, n, transA, transB }) => {
      const a = smoothOperand([...left, ...(transA ? [k, m] : [m, k])]);
      const b = smoothOperand([...right, ...(transB ? [n, k] : [k, n])], { seed: 1 });
      await checkGradient({ operands: [a, b], build: (x, y) => ops.matmul(x, y, { transA, transB }) });
    }),
    runs,
  );
});

test("float32 matmul, fused when transposed, equals the float64 one", async () => {
  await fc.assert(
    fc.asyncProperty(product, async ({ left, right, m, k, n, transA, transB }) => {
      const graph = new Graph();
      const leftOperand = smoothOperand([...left, ...(transA ? [k, m] : [m, k])]);
      const rightOperand = smoothOperand([...right, ...(transB ? [n, k] : [k, n])], { seed: 1 });
      const a = graph.input("a", "float64", leftOperand.dims);
      const b = graph.input("b", "float64", rightOperand.dims);
      graph.output("exact", ops.matmul(a, b, { transA, transB }));
      graph.output("fast", ops.matmul(ops.cast(a, "float32"), ops.cast(b, "float32"), { transA, transB }));
      const run = await open(graph);
      const found = await run({
        a: { dtype: "float64", ...leftOperand },
        b: { dtype: "float64", ...rightOperand },
      });
      expect(found["fast"]!.dims).toEqual(found["exact"]!.dims);
      for (const [at, exact] of found["exact"]!.data.entries()) {
        expect(found["fast"]!.data[at]).toBeCloseTo(exact, 5);
      }
    }),
    runs,
  );
});

test("there and back: reshape and transpose keep every element in its place", async () => {
  const shapes = fc.record({ dims: fc.tuple(batchSize, size, size, fc.integer({ min: 1, max: 3 })) });
  await fc.assert(
    fc.asyncProperty(shapes, async ({ dims: [b, t, h, d] }) => {
      const graph = new Graph();
      const x = graph.input("x", "float32", ["B", "T", "H", d]);
      const flat = ops.reshape(x, [-1, d]);
      const parted = ops.reshape(flat, ["B", "T", "H", d]);
      const turned = ops.transpose(ops.transpose(parted, [0, 2, 1, 3]), [0, 2, 1, 3]);
      const row = ops.reshape(turned, [-1]);
      graph.output("back", ops.reshape(row, ["B", "T", "H", d]));
      const dims = [b, t, h, d];
      const data = Array.from({ length: count(dims) }, (_, at) => at);
      const found = await (await open(graph))({ x: { dtype: "float32", dims, data } });
      expect(found["back"]).toEqual({ dtype: "float32", dims, data });
    }),
    runs,
  );
});

test("sizes multiply, divide and add by name", () => {
  const dim = fc.oneof(
    fc.integer({ min: 1, max: 9 }),
    fc.constantFrom("B", "T", "P+T", "B*T", "4*(P+T)", "T[1:]"),
  );
  fc.assert(
    fc.property(fc.array(dim, { maxLength: 4 }), fc.array(dim, { maxLength: 4 }), (a, b) => {
      // A product does not depend on the order of axes, and a product of products is the whole product.
      expect(productOf([...a, ...b])).toBe(productOf([...b, ...a]));
      expect(productOf([productOf(a), productOf(b)])).toBe(productOf([...a, ...b]));
      const rest = divide(factorsOf([...a, ...b]), factorsOf(b));
      expect(rest === undefined ? undefined : dimOf(rest)).toBe(productOf(a));
    }),
  );
  expect(sumOf(["P", 0, "T"])).toBe("P+T");
  expect(sumOf([2, "T", 3])).toBe("T+5");
  expect(productOf(["P+T", 4])).toBe("4*(P+T)");
});

test.each(["float32", "float64"] as const)(
  "an empty %s sum is zero whatever the memory held before",
  async (dtype) => {
    const graph = new Graph();
    const x = graph.input("x", dtype, ["B", 32, 32]);
    // NaN, in memory that is freed before the products allocate theirs.
    const noise = ops.exp(ops.log(ops.neg(x)));
    const none = ops.renameDims(ops.slice(noise, 1, 0, 0), ["B", "K", 32]);
    const flipped = ops.transpose(none, [0, 2, 1]);
    graph.output("plain", ops.matmul(flipped, none));
    graph.output("transA", ops.matmul(none, none, { transA: true }));
    graph.output("transB", ops.matmul(flipped, flipped, { transB: true }));
    graph.output("both", ops.matmul(none, flipped, { transA: true, transB: true }));
    const run = await open(graph);
    const feed = { dtype, dims: [3, 32, 32], data: Array<number>(3072).fill(1) };
    // Twice, so that memory is reused.
    for (const found of [await run({ x: feed }), await run({ x: feed })]) {
      for (const [name, { dims, data }] of Object.entries(found)) {
        expect(dims, name).toEqual([3, 32, 32]);
        expect(
          data.every((element) => element === 0),
          name,
        ).toBe(true);
      }
    }
  },
);
