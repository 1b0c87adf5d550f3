/** Runs `fathom serve`. */
import { badInput, exitCode } from "../../core/errors.ts";
import { engineOptions } from "../../jobs/inputs/engine-options.ts";
import { openNamed, tellNotes } from "../../jobs/inputs/open-named.ts";
import { serveDefaults } from "../../library/defaults.ts";
import { endsOf, textOf } from "../../model/checkpoint/checkpoint.ts";
import { modelOf } from "../../model/model.ts";
import { newToken } from "../../serve/loopback/token.ts";
import { serveModel } from "../../serve/serve.ts";
import { complain, exitFor } from "../terminal/failure.ts";
import { printLines } from "../terminal/output.ts";
import { Progress } from "../terminal/progress.ts";
import { untilSignal } from "../terminal/until-signal.ts";
import { type EngineOptions, engineChoice } from "../tokens/engine-choice.ts";

export interface ServeCommandOptions extends EngineOptions {
  model: string;
  adapter?: string;
  port: number;
  token?: string;
  batchSize: number;
  date?: string;
  quiet?: true;
}

/** Other programs of this machine see a command's options, but not its environment. */
const tokenVariable = "FATHOM_SERVE_TOKEN";

/** Returns when a signal has ended the server. @throws FathomError for wrong options or input */
export async function runServe(options: ServeCommandOptions): Promise<void> {
  const { token, from } = tokenOf(options.token, process.env[tokenVariable]);
  const progress = new Progress(options.quiet === true);
  const { checkpoint } = await openNamed(options, progress.tell);
  // Text that cannot be read is told before the engine opens, which takes longest.
  textOf(checkpoint);
  endsOf(checkpoint);
  tellNotes(checkpoint, "drawn", progress.tell);
  const model = await modelOf(checkpoint, engineOptions(engineChoice(options), progress.tell));
  progress.clear();
  try {
    // A second signal ends the process at once.
    const interrupted = untilSignal();
    const server = await serveModel(model, {
      port: options.port,
      token,
      batchSize: options.batchSize,
      maxTokens: serveDefaults.maxTokens,
      day: options.date ?? serveDefaults.day,
      onFault: (error) => {
        exitFor(error);
      },
    });
    await printLines([`${checkpoint.name} at ${server.url}, token ${from}`]);
    await interrupted;
    complain("interrupted. Open requests are ended");
    await server.close();
  } finally {
    await model.close();
  }
  process.exitCode = exitCode.interrupted;
}

/** @returns the token, and where a person finds it. Only a token that was made here is printed, once */
function tokenOf(option: string | undefined, variable: string | undefined): { token: string; from: string } {
  const given = option ?? (variable === "" ? undefined : variable);
  if (given === undefined) {
    const made = newToken();
    return { token: made, from: made };
  }
  const name = option === undefined ? tokenVariable : "--token";
  // A header cannot carry other characters. The message does not quote the token.
  if (!/^[\x21-\x7e]+$/.test(given))
    throw badInput(name, "a text of visible ASCII characters without spaces", "another text");
  return { token: given, from: `from ${name}` };
}
