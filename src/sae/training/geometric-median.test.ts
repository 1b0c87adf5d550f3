/**
 * The geometric median compared with cases that are known exactly: Fermat's point, a majority, and the balance of
 * unit vectors.
 */
import { expect, test } from "vitest";
import { random } from "../../core/random.ts";
import { geometricMedian } from "./geometric-median.ts";

test("for a triangle it is Fermat's point, from which the corners are seen at 120°", () => {
  const corners: [number, number][] = [
    [0, 0],
    [7, 1],
    [2, 5],
  ];
  // Torricelli: the line from each corner to the far corner of the equilateral triangle raised on the opposite side.
  const [a, b, c] = corners as [[number, number], [number, number], [number, number]];
  const raised = (from: [number, number], to: [number, number], away: [number, number]): [number, number] => {
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const side = Math.sign(dx * (away[1] - from[1]) - dy * (away[0] - from[0]));
    const turn = (-side * Math.PI) / 3;
    return [
      from[0] + dx * Math.cos(turn) - dy * Math.sin(turn),
      from[1] + dx * Math.sin(turn) + dy * Math.cos(turn),
    ];
  };
  const crossing = (p: [number, number], p2: [number, number], q: [number, number], q2: [number, number]) => {
    const [ux, uy, vx, vy] = [p2[0] - p[0], p2[1] - p[1], q2[0] - q[0], q2[1] - q[1]];
    const t = ((q[0] - p[0]) * vy - (q[1] - p[1]) * vx) / (ux * vy - uy * vx);
    return [p[0] + t * ux, p[1] + t * uy];
  };
  const expected = crossing(a, raised(b, c, a), b, raised(a, c, b));
  const found = geometricMedian(Float32Array.from(corners.flat()), 2);
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 4);
});

test("is the place where more than half of the points lie, however far the others are", () => {
  const points = Float32Array.from([3, 4, 3, 4, 3, 4, 900, -50, -20, 700]);
  const found = geometricMedian(points, 2);
  expect(found[0]).toBeCloseTo(3, 3);
  expect(found[1]).toBeCloseTo(4, 3);
});

test("leaves a point that it meets by chance", () => {
  // The iteration starts at the mean, which is the last point. The pull of the others is stronger than its weight.
  const others = [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
    [13, 13],
  ];
  const mean = others[0]!.map((_, i) => others.reduce((sum, point) => sum + point[i]!, 0) / 5);
  expect(mean).toEqual([3, 3]);
  const found = geometricMedian(Float32Array.from([...others, mean].flat()), 2);
  // By symmetry the median is on the diagonal, between the square and the rest.
  expect(found[0]).toBeCloseTo(found[1]!, 5);
  expect(found[0]).toBeLessThan(1.01);
});

test("balances the unit vectors to all points, and is not drawn to outliers as the mean is", () => {
  const draw = random("median");
  const [n, d] = [400, 20];
  const points = Float32Array.from({ length: n * d }, (_, at) =>
    at < 10 * d ? 1000 + draw.normal() : draw.normal(),
  );
  const found = geometricMedian(points, d);
  const pull = new Float64Array(d);
  for (let point = 0; point < n; point++) {
    const away = Array.from({ length: d }, (_, i) => points[point * d + i]! - found[i]!);
    const distance = Math.hypot(...away);
    for (let i = 0; i < d; i++) pull[i] = pull[i]! + away[i]! / distance;
  }
  expect(Math.hypot(...pull) / n).toBeLessThan(1e-5);
  expect(Math.hypot(...found)).toBeLessThan(2);
});
