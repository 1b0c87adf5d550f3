/** The options of a model behind an endpoint that speaks OpenAI's chat completions. */
import { Option } from "commander";
import { auditDefaults } from "../../library/defaults.ts";
import { wholeNumber } from "../options/parse-option.ts";

export function endpointOptions(): Option[] {
  const { concurrency } = auditDefaults;
  return [
    new Option(
      "--endpoint <url>",
      "ask a model behind an endpoint with OpenAI's chat completions; its key is read from FATHOM_ENDPOINT_KEY",
    ),
    new Option("--insecure-http", "with --endpoint: allow plain http to another machine"),
    numbered("--concurrency <n>", `requests under way at the same time (default: ${concurrency})`, 1024),
    numbered("--requests-per-minute <n>", "the most requests in a minute (default: no limit)"),
    numbered("--tokens-per-minute <n>", "the most tokens in a minute (default: no limit)"),
    numbered("--budget-requests <n>", "the most requests of the whole run (default: no limit)"),
    numbered(
      "--budget-tokens <n>",
      "the most tokens of the whole run, read and generated (default: no limit)",
    ),
  ];
}

function numbered(flags: string, help: string, to?: number): Option {
  const range = to === undefined ? { from: 1 } : { from: 1, to };
  return new Option(flags, `with --endpoint: ${help}`).argParser(wholeNumber(flags.split(" ")[0]!, range));
}
