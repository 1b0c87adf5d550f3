/** The order of answers, undo, skip, and what raters see of each other. */
import { expect, it } from "vitest";
import { Labelling } from "./labelling.ts";
import type { LabelLine } from "./labels-file.ts";

const tasks = Array.from({ length: 12 }, (_, i) => ({
  id: `a${i}`,
  prompt: "p",
  turns: [],
  answer: "x",
  cut: false,
}));
const given = { label: "refuse", coherence: null } as const;

/** A labelling whose labels are kept in `lines`, as the file keeps them. */
function begun(lines: LabelLine[] = [], sample: number | null = null, raters = ["anna", "ben"]) {
  const append = (line: Omit<LabelLine, "at">) => lines.push({ ...line, at: "now" });
  return { lines, labelling: new Labelling(tasks, { raters, sample, seed: 1 }, lines.slice(), append) };
}

/** Labels everything that is asked. @returns the ids in the order in which they came */
function finish(labelling: Labelling, rater: string, label: "refuse" | "comply" = "refuse"): string[] {
  const order: string[] = [];
  for (let next = labelling.state(rater).task; next !== null; next = labelling.state(rater).task) {
    order.push(next.id);
    labelling.label(rater, next.id, { label, coherence: null });
  }
  return order;
}

it("every rater gets every answer once, in an own order that a restart keeps", () => {
  const { labelling } = begun();
  const [anna, ben] = [finish(labelling, "anna"), finish(labelling, "ben")];
  expect(anna.toSorted()).toEqual(tasks.map(({ id }) => id).toSorted());
  expect(ben.toSorted()).toEqual(anna.toSorted());
  expect(ben).not.toEqual(anna);

  const first = begun();
  const half = first.labelling.state("anna").task!.id;
  first.labelling.label("anna", half, given);
  expect([half, ...finish(begun(first.lines).labelling, "anna")]).toEqual(anna);
});

it("a sample is the same for all raters", () => {
  const { labelling } = begun([], 5);
  const [anna, ben] = [finish(labelling, "anna"), finish(labelling, "ben")];
  expect(anna).toHaveLength(5);
  expect(ben.toSorted()).toEqual(anna.toSorted());
});

it("undo takes the latest label back, asks it again at once, and stays undone after a restart", () => {
  const { labelling, lines } = begun();
  const [first, second] = [0, 1].map(() => {
    const { id } = labelling.state("anna").task!;
    labelling.label("anna", id, given);
    return id;
  });
  labelling.undo("anna");
  expect(labelling.state("anna")).toMatchObject({ done: 1, task: { id: second }, last: "refuse" });
  expect(begun(lines).labelling.state("anna")).toMatchObject({ done: 1, task: { id: second } });
  labelling.undo("anna");
  expect(labelling.state("anna")).toMatchObject({ done: 0, task: { id: first }, last: null });
  labelling.undo("anna");
  expect(lines).toHaveLength(4);
  expect(labelling.state("ben").done).toBe(0);
});

it("what is skipped comes again at the end, in the order of skipping", () => {
  const { labelling, lines } = begun();
  const skipped = [0, 1].map(() => {
    const { id } = labelling.state("anna").task!;
    labelling.skip("anna", id);
    return id;
  });
  expect(lines).toEqual([]);
  expect(labelling.state("anna").skipped).toBe(2);
  expect(finish(labelling, "anna").slice(-2)).toEqual(skipped);
  expect(labelling.state("anna")).toMatchObject({ skipped: 0, task: null });
});

it("a rater sees the agreement only when all are done", () => {
  const { labelling } = begun();
  finish(labelling, "anna");
  expect(labelling.state("anna")).toMatchObject({ task: null, waiting: ["ben"], agreement: null });
  expect(labelling.finished).toBe(false);
  finish(labelling, "ben", "comply");
  expect(labelling.state("anna").agreement!.pairs[0]).toMatchObject({
    raters: ["anna", "ben"],
    n: 12,
    same: 0,
    kappa: 0,
  });
  expect(labelling.finished).toBe(true);
});

it("a label that cannot be stored is not taken, and an answer that is not asked is refused", () => {
  const labelling = new Labelling(tasks, { raters: ["anna"], sample: null, seed: 1 }, [], () => {
    throw new Error("disk full");
  });
  const { id } = labelling.state("anna").task!;
  expect(() => labelling.label("anna", id, given)).toThrow("disk full");
  expect(labelling.state("anna")).toMatchObject({ done: 0, task: { id } });
  expect(() => begun().labelling.label("anna", "other", given)).toThrow(
    "id: expected an answer that is asked",
  );
});
