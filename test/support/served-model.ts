/** The real server over the bundled checkpoint, in the process of the test. */
import { join } from "node:path";
import { serveDefaults } from "../../src/library/defaults.ts";
import { type Model, openModel } from "../../src/model/model.ts";
import { serveModel } from "../../src/serve/serve.ts";

export const bundledModel = join(import.meta.dirname, "../../organisms/demo");

export interface ServedModel {
  /** The base address, which ends with /v1. */
  url: string;
  token: string;
  /** The name that requests state. */
  name: string;
  /** The same engine, to compare with. It is the caller's as long as no request is open. */
  model: Model;
  /** Errors of the server's own. A good test has none. */
  faults: unknown[];
  close(): Promise<void>;
}

/** @param folder a checkpoint; the bundled one when not given */
export async function serveForTest(folder: string = bundledModel): Promise<ServedModel> {
  return await serveOver(await openModel(folder, { threads: 1 }));
}

/** As `serveForTest`, over a model that is open. Closing the server closes it. */
export async function serveOver(model: Model): Promise<ServedModel> {
  const token = "token-of-a-test";
  const faults: unknown[] = [];
  const server = await serveModel(model, { ...serveDefaults, token, onFault: (error) => faults.push(error) });
  return {
    url: server.url,
    token,
    name: model.checkpoint.name,
    model,
    faults,
    async close() {
      await server.close();
      await model.close();
    },
  };
}
