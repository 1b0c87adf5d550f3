/**
 * Measuring under edits of every activation at every site, with masks per row and per token, against PyTorch with hooks: the
 * same fixtures as for the gradients (oracle/gradient_fixtures.py).
 */
import { join } from "node:path";
import { expect, it } from "vitest";
import { openCheckpoint } from "../../src/model/checkpoint/checkpoint.ts";
import type { Measured } from "../../src/model/engine/branches/measured.ts";
import { Engine } from "../../src/model/engine/engine.ts";
import { measure } from "../../src/model/engine/measure.ts";
import { gradientFixtures, openGradientFixture } from "../support/gradient-fixture.ts";
import { relativeError } from "../support/graph.ts";

it.each(gradientFixtures)("%s: measures PyTorch's activations and values", async (name) => {
  const { requests, edits, sites, values, read, close } = openGradientFixture(name);
  const checkpoint = await openCheckpoint(join(import.meta.dirname, "../fixtures/engine", name));
  const engine = await Engine.open(checkpoint.config, checkpoint.weights, { threads: 1 });
  const { vocabSize, hiddenSize: d } = checkpoint.config;
  const rows: Measured[] = [];
  try {
    const asked = requests.map(({ id, ids, masks }) => ({
      id,
      ids,
      masks: masks!,
      positions: [...ids.keys()],
    }));
    const want = { logProbabilities: true, activations: true, residuals: sites };
    await measure(engine, asked, { edits, watch: [], want }, (row) => (rows[row.index] = row));
    const compared = new Set<string>();
    for (const [i, { objective, ids }] of requests.entries()) {
      const { activations, logProbabilities, residuals, moved } = rows[i]!;
      for (const [edit, found] of activations!.entries())
        expect(relativeError(found, read(i, `activation.${edit}`)), `edit ${edit} of row ${i}`).toBeLessThan(
          1e-3,
        );
      const logP = (position: number, token: number) => logProbabilities![position * vocabSize + token]!;
      const sumP = (position: number, tokens: readonly number[]) =>
        tokens.reduce((sum, token) => sum + Math.exp(logP(position, token)), 0);
      const close = (value: number) => {
        compared.add(objective.kind);
        expect(Math.abs(value - values[i]!) / Math.max(1, Math.abs(value)), objective.kind).toBeLessThan(
          1e-3,
        );
      };
      if (objective.kind === "log_odds") {
        const p = sumP(objective.position, objective.tokens);
        close(Math.log(p) - Math.log(1 - p));
      }
      if (objective.kind === "residual") {
        const { layer, site } = objective.at;
        const at = sites.findIndex((other) => other.layer === layer && other.site === site);
        const x = residuals[at]!.subarray(objective.position * d, (objective.position + 1) * d);
        close(x.reduce((sum, value, j) => sum + value * objective.vector[j]!, 0));
      }
      expect(residuals.map(({ length }) => length)).toEqual(sites.map(() => ids.length * d));
      const isMasked = requests[i]!.masks!.map((mask) =>
        (mask instanceof Float32Array ? mask : mask.features).some((value) => value !== 0),
      );
      // What is not masked does not move. What is masked may find nothing active.
      for (const [edit, size] of moved.entries()) if (!isMasked[edit]!) expect(size).toBe(0);
    }
    expect([...compared].sort()).toEqual(["log_odds", "residual"]);
  } finally {
    await engine.close();
    checkpoint.weights.close();
    close();
  }
});
