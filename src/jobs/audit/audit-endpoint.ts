/** An audit of a model behind an endpoint: its answers, and nothing of its inside. */
import { random } from "../../core/random.ts";
import { keyFor } from "../../endpoint/address.ts";
import { defaultPatience, openEndpoint } from "../../endpoint/endpoint.ts";
import { panelName } from "../../judges/panel.ts";
import type { DirectoryContext } from "../job/job.ts";
import { closeJudges, openJudges } from "../judges/open-judges.ts";
import { endpointAsker } from "./answers/ask-endpoint.ts";
import { openReplies, readReplies, summaryOf } from "./answers/replies.ts";
import type { AuditEvent } from "./audit-events.ts";
import { beginRun } from "./begin.ts";
import { readCalibration } from "./calibration.ts";
import type { ObserveProgress } from "./observe.ts";
import type { Prepared } from "./prepare.ts";
import { type EndpointPlan, prepareEndpoint } from "./prepare-endpoint.ts";
import { performRun, type RunRecords } from "./run.ts";

/** @throws FathomError if the endpoint cannot be asked; replies that arrived are kept, and a resume goes on from them */
export async function auditEndpoint(
  plan: EndpointPlan,
  context: DirectoryContext<AuditEvent>,
): Promise<RunRecords> {
  const { out, resume, tell, signal } = context;
  const prepared = await prepareEndpoint(plan);
  signal.throwIfAborted();
  const release = beginRun(out, prepared, resume);
  try {
    tell({ kind: "stoppable", now: true });
    return await perform(plan, prepared, context);
  } finally {
    tell({ kind: "stoppable", now: false });
    release();
  }
}

async function perform(
  plan: EndpointPlan,
  prepared: Prepared,
  context: DirectoryContext<AuditEvent>,
): Promise<RunRecords> {
  const { out, tell, signal } = context;
  // Judges are opened before the first request, so that one that cannot be opened costs nothing.
  const judges = await openJudges(plan.judges, context);
  const replies = openReplies(out);
  try {
    const calibration = readCalibration(plan.calibration, panelName(judges));
    const { requests, tokens } = summaryOf(replies.records);
    const { url } = prepared.manifest.inputs.endpoint!;
    const endpoint = openEndpoint({
      url: plan.endpoint,
      insecure: plan.insecure_http,
      key: keyFor(url),
      concurrency: plan.concurrency,
      requestsPerMinute: plan.requests_per_minute,
      tokensPerMinute: plan.tokens_per_minute,
      budgetRequests: plan.budget_requests,
      budgetTokens: plan.budget_tokens,
      patience: defaultPatience,
      spent: { requests, tokens },
      // Two processes that were refused together must not come back together.
      jitter: random(`endpoint/${process.pid}`),
      onWait(reason, milliseconds) {
        tell({ kind: "waiting", seconds: milliseconds / 1000, reason });
      },
    });
    const asker = endpointAsker({
      ...{ endpoint, model: plan.model, replies, caps: plan.caps, signal },
      thoughtCap: plan.reasoning_cap,
      concurrency: plan.concurrency,
    });
    const subject = { asker, inside: null, replies: () => summaryOf(readReplies(out)), judges, calibration };
    let made: { tokens: number; seconds: number } | null = null;
    const onProgress = (now: ObserveProgress): void => {
      made = { tokens: now.tokens, seconds: now.seconds };
      tell({ kind: "answers", ...now });
    };
    const run = await performRun(out, prepared, subject, onProgress, tell, signal);
    signal.throwIfAborted();
    tell({ kind: "answered", answers: run.observations.length, made, recorded: false });
    return run;
  } finally {
    await replies.close();
    await closeJudges(judges);
  }
}
