/**
 * node bench/fuzz.ts [--cases 100000] [--from 0] [--seed 1] [--only gguf]: checks that damaged checkpoints, adapters,
 * SAEs, plans and runs are read or refused in one line, within limits of time and memory. Exits with 1 if one is not.
 */
import { parseArgs } from "node:util";
import { fuzz } from "../test/support/fuzz/run.ts";

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "100000" },
    from: { type: "string", default: "0" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
  },
});
const from = Number(values.from);
const start = performance.now();
const report = await fuzz({
  seed: Number(values.seed),
  from,
  to: from + Number(values.cases),
  only: values.only ?? null,
  limits: { seconds: 2, megabytes: 256 },
});
for (const { case: i, kind, what } of report.failures) console.log(`case ${i}, ${kind}: ${what}\n`);
console.table(report.kinds);
const seconds = (performance.now() - start) / 1000;
console.log(`${report.cases} cases in ${seconds.toFixed(0)} s, ${report.failures.length} failures`);
process.exitCode = report.failures.length === 0 ? 0 : 1;
