/** Writes test results as JUnit XML, which CI systems read. */
import { visibleLine } from "../core/visible.ts";

export interface JunitCase {
  name: string;
  /** Why it failed; it passed where both are absent. */
  failure?: string;
  /** Why it says neither. */
  skipped?: string;
}

export interface JunitSuite {
  name: string;
  cases: readonly JunitCase[];
}

/** One `<testsuites>` document. */
export function junitXml(name: string, suites: readonly JunitSuite[]): string {
  const all = suites.flatMap(({ cases }) => cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name, ...counts(all) })}>`,
    ...suites.flatMap((suite) => [
      `  <testsuite${attributes({ name: suite.name, ...counts(suite.cases) })}>`,
      ...suite.cases.map((one) => `    ${caseXml(suite.name, one)}`),
      "  </testsuite>",
    ]),
    "</testsuites>",
    "",
  ].join("\n");
}

function counts(cases: readonly JunitCase[]): Record<string, string> {
  const having = (key: "failure" | "skipped") => cases.filter((one) => one[key] !== undefined).length;
  return {
    tests: String(cases.length),
    failures: String(having("failure")),
    errors: "0",
    skipped: String(having("skipped")),
  };
}

function caseXml(suite: string, { name, failure, skipped }: JunitCase): string {
  const open = `<testcase${attributes({ classname: suite, name })}`;
  if (failure !== undefined)
    return `${open}><failure${attributes({ message: failure })}>${escaped(failure)}</failure></testcase>`;
  return skipped === undefined
    ? `${open}/>`
    : `${open}><skipped${attributes({ message: skipped })}/></testcase>`;
}

const attributes = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([key, value]) => ` ${key}="${escaped(value)}"`)
    .join("");

/** One line, without characters that XML 1.0 cannot hold (not even as a reference) or that nobody sees. */
function escaped(text: string): string {
  return visibleLine(text)
    .replaceAll(/[\ufffe\uffff]/g, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
