/** Runs `fathom doctor`. */
import { exitCode } from "../../core/errors.ts";
import { fathomVersion } from "../../jobs/job/version.ts";
import { printJson, printLines } from "../terminal/output.ts";
import * as checks from "./checks.ts";

export interface DoctorOptions {
  json?: true;
}

/** @returns the exit code: 1 when something is broken */
export async function runDoctor(options: DoctorOptions): Promise<number> {
  const all: checks.Check[] = [
    { name: "Fathom", status: "ok", detail: fathomVersion() },
    checks.node(),
    await checks.onnxRuntime(),
    checks.otherDevice("webgpu"),
    checks.otherDevice("cuda"),
    checks.processor(),
    checks.memory(),
    checks.workingFolder(),
    checks.hashCache(),
    checks.hub(),
    checks.hubAccess(),
    checks.reportTemplate(),
    checks.bundled(),
  ];
  const broken = all.filter(({ status }) => status === "broken").length;
  if (options.json === true) await printJson({ broken, checks: all });
  else await printLines(linesOf(all, broken));
  return broken === 0 ? exitCode.ok : exitCode.error;
}

function linesOf(all: readonly checks.Check[], broken: number): string[] {
  const marks = { ok: "ok    ", note: "note  ", broken: "BROKEN" };
  const width = Math.max(...all.map(({ name }) => name.length));
  const lines = all.map(
    ({ name, status, detail, try: advice }) =>
      `${marks[status]}  ${name.padEnd(width)}  ${detail}${advice === undefined ? "" : `. Try: ${advice}`}`,
  );
  const verdict =
    broken === 0 ? "Nothing is broken." : `${broken} ${broken === 1 ? "thing is" : "things are"} broken.`;
  return [...lines, "", verdict];
}
