/** A thread that judges by rules: batches of answers come in, their rulings go out. An error ends it, and RuleThreads reports it. */
import { parentPort, workerData } from "node:worker_threads";
import type { Choices } from "../../judges/decide.ts";
import type { JudgedAnswer } from "../../judges/judge.ts";
import { judgeText } from "../../judges/rules.ts";

const choices = workerData as Choices;
parentPort!.on("message", (batch: readonly JudgedAnswer[]) => {
  parentPort!.postMessage(batch.map((asked) => judgeText(asked, choices)));
});
