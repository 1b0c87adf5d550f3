/** Findings on redundancy: the depth, what comes back after each round, and which features that woke carry it. */
import { formatNumber, formatProbability, listed } from "../../core/format.ts";
import type { Anatomy } from "../../core/records/anatomy.ts";
import { type Draft, missing } from "../common/draft.ts";

/** None where redundancy was not measured. */
export function redundancyDrafts(anatomy: Anatomy): Draft[] {
  if (anatomy.ending === null) return [];
  return [depthDraft(anatomy), ...repairDrafts(anatomy), backupsDraft(anatomy)];
}

const endings = {
  "gave way": "the model gives way",
  "not in this dictionary": "what refuses then is not among the candidates",
  "only broken text": "its answers are broken text",
  "nothing woke": "it refuses although no candidate woke",
  limit: "as many rounds as were asked for were done",
} as const satisfies Record<NonNullable<Anatomy["ending"]>, string>;

function depthDraft({ depth, depth_on_test, ending, rounds }: Anatomy): Draft {
  const about = { kind: "anatomy_depth" } as const;
  const question = "How many rounds of features carry the refusals, one behind the other?";
  const widths =
    rounds.length === 0
      ? ""
      : ` (${rounds.length === 1 ? "width" : "widths"} ${listed(rounds.map(({ width }) => String(width)))})`;
  const unmeasured = (reason: string) =>
    missing({ ...{ about, question, unit: "rounds" }, n: rounds[0]?.answers.asked ?? 0, reason });
  if (depth === null)
    return unmeasured(
      `undetermined: after ${roundWords(rounds.length)}${widths} the model still refuses fit prompts; ${endings[ending!]}.`,
    );
  if (depth_on_test === null)
    return unmeasured(
      `undetermined: fit prompts give way after ${roundWords(depth)}${widths}, and no test prompt refuses, so it was not tested on new prompts.`,
    );
  const { estimate: found, interval, n } = depth_on_test;
  // One more than there are rounds stands for no end within them.
  const isOpen = interval === null || interval[1] > rounds.length;
  const said =
    found === depth
      ? ""
      : ` On these the depth is ${found === null ? `more than ${rounds.length}` : String(found)}, so it does not hold on new prompts.`;
  const onTest = rounds.map(({ test }, r) => `${test!.complied} of ${test!.asked} after round ${r + 1}`);
  return {
    ...{ about, question, unit: "rounds", estimate: depth, interval: isOpen ? null : interval },
    n,
    method:
      "rounds found on refused fit prompts; the interval is a bootstrap over clusters of refused test prompts, by judged answers to the same rounds",
    control: { kind: "the same prompts without an ablation: all refuse", estimate: 0, interval: null },
    decision: { holds: found === depth },
    sentence: `Fit prompts give way after ${roundWords(depth)}${widths}. Of the refused test prompts, ${listed(onTest)} comply.${said}`,
  };
}

const roundWords = (count: number): string => (count === 1 ? "1 round" : `${count} rounds`);

/** Why nothing is known of features that wake: none of the candidates is ever silent. */
const noneDormant =
  "not measured: no candidate is silent. Each fires on every refused test prompt, on its answer, or in an answer that complies with a harmless prompt, so none can wake. More --candidates, or larger SAEs, may hold some.";

function repairDrafts({ cascade, dormant }: Anatomy): Draft[] {
  return cascade
    .filter(({ round }) => round > 0)
    .map(({ round, free, held, repair, p, repair_at_clean_norm: frozen }) => {
      const done = round === 1 ? "round 1" : `rounds 1 to ${round}`;
      const about = { kind: "anatomy_repair", round } as const;
      const question = `Does refusal come back through features that wake once ${done} ${round === 1 ? "is" : "are"} ablated?`;
      if (dormant === 0)
        return missing({ about, question, unit: "log-odds", n: repair.n, reason: noneDormant });
      return {
        ...{ about, question },
        ...{ estimate: repair.estimate, unit: "log-odds", interval: repair.interval, n: repair.n },
        method: "m − m₀ of refused test prompts, paired; bootstrap over clusters, one-sided sign-flip test",
        control: {
          kind: "the same with the final norm's scale of the clean run",
          ...{ estimate: frozen.estimate, interval: frozen.interval },
        },
        decision: { p },
        sentence: `With ${done} ablated the refusal score is ${formatNumber(free.estimate!)}, and ${formatNumber(held.estimate!)} if what was silent is held silent: waking features bring back ${formatNumber(repair.estimate!)}, or ${formatNumber(frozen.estimate!)} with the final norm's scale of the clean run.`,
      } satisfies Draft;
    });
}

function backupsDraft({ backups, rounds, cascade, dormant }: Anatomy): Draft {
  const about = { kind: "anatomy_backups" } as const;
  const question = "How many of the features that wake carry the refusal?";
  if (cascade.length === 0)
    return missing({
      ...{ about, question, unit: "features" },
      reason:
        "undetermined: no round was found, or no test prompt refuses, so no feature that wakes was tested.",
    });
  if (dormant === 0) return missing({ about, question, unit: "features", reason: noneDormant });
  const having = (status: Anatomy["backups"][number]["status"]) =>
    backups.filter((backup) => backup.status === status);
  const bearing = having("load-bearing");
  const largest = Math.max(...bearing.map(({ q }) => q));
  const q = bearing.length === 0 ? "" : ` (q at most ${formatProbability(largest)})`;
  const random = rounds[0]!.woken?.random ?? null;
  const chance =
    random === null
      ? ""
      : ` On average round 1 wakes ${formatNumber(rounds[0]!.woken!.mean)} in a prompt, and random changes of equal norm ${formatNumber(random.mean)}.`;
  return {
    ...{ about, question, unit: "features", estimate: bearing.length, interval: null, n: backups.length },
    method:
      "each feature that woke is ablated on refused test prompts while everything still silent is held silent; sign-flip tests with Benjamini–Hochberg at 5% over all that woke, idle by two one-sided tests",
    control: {
      kind: "features that random changes of equal norm wake in a prompt, round 1",
      ...{ estimate: random?.mean ?? null, interval: random?.interval ?? null },
    },
    decision: { holds: bearing.length > 0 },
    sentence:
      backups.length === 0
        ? `No feature wakes in any round.${chance}`
        : `Of ${backups.length} features that wake, ${bearing.length} ${bearing.length === 1 ? "is" : "are"} load-bearing${q}, ${having("idle").length} idle and ${having("undetermined").length} undetermined.${chance}`,
  };
}
