/** The report page, with its sections in the order of a reader's questions. */
import { useMemo } from "react";
import type { Finding } from "../../src/core/records/finding.ts";
import { AnswersContext } from "./components/answer/whole-rows.tsx";
import { FindingList } from "./components/finding/finding-list.tsx";
import { Unjudged } from "./components/finding/unjudged.tsx";
import { PageFrame } from "./components/page-frame.tsx";
import { Section } from "./components/section.tsx";
import type { Answers } from "./lib/answers.ts";
import type { PageReport } from "./lib/data.ts";
import { bySae, groupFindings } from "./lib/groups.ts";
import { Degeneration } from "./sections/degeneration.tsx";
import { DistanceSection } from "./sections/distance.tsx";
import { Flips } from "./sections/flips.tsx";
import { Glance } from "./sections/glance.tsx";
import { Header } from "./sections/header.tsx";
import { Identities } from "./sections/identities.tsx";
import { Inside } from "./sections/inside.tsx";
import { Limits, Method } from "./sections/method.tsx";
import { Onset } from "./sections/onset.tsx";
import { Prompts } from "./sections/prompts.tsx";
import { Refusal } from "./sections/refusal.tsx";
import { Shares } from "./sections/shares.tsx";

type Contents = readonly (readonly [id: string, name: string])[];

const contents: Contents = [
  ["glance", "Glance"],
  ["flips", "Flips"],
  ["refusal", "Refusal"],
  ["degeneration", "Loops"],
  ["onset", "Onset"],
  ["inside", "Inside"],
  ["flags", "Flags"],
  ["framing", "Framing"],
  ["prompts", "Prompts"],
  ["method", "Method"],
  ["identities", "Identities"],
  ["not-measured", "Limits"],
];

/** Most runs have neither of these sections. */
const contentsOf = ({ languages, distance }: { languages: boolean; distance: boolean }): Contents =>
  contents.flatMap((one): Contents => {
    if (one[0] === "framing" && languages) return [one, ["languages", "Languages"]];
    return one[0] === "onset" && distance ? [one, ["distance", "Distance"]] : [one];
  });

export function Report({ data, answers }: { data: PageReport; answers: Answers }) {
  const { first, others } = useMemo(() => bySae(data.findings), [data]);
  const found = useMemo(() => groupFindings(first), [first]);
  const breadth = useMemo(
    () => [
      { title: "By framing", file: "refusal-framing", findings: found.framing },
      { title: "By panel", file: "refusal-panel", findings: found.panel },
    ],
    [found],
  );
  const languages = useMemo(
    () => [
      { title: "Refused, by language and tier", file: "refusal-language", findings: found.languageRates },
      { title: "Without a label, by language", file: "unjudged-language", findings: found.unread },
    ],
    [found],
  );
  const flags = useMemo(
    () => [{ title: "How often each flag is raised", file: "flags", findings: found.flags }],
    [found],
  );
  return (
    <PageFrame
      skip="Skip to the findings"
      header={<Header data={data} headline={found.headline} />}
      contents={contentsOf({ languages: found.languageRates.length > 0, distance: data.kl_to !== null })}
      loads={data.details === null ? undefined : `answers from the folder ${data.details.folder} beside it`}
    >
      <Glance plan={data.plan} rates={found.rates} />
      <AnswersContext value={answers}>
        <Flips data={data} />
      </AnswersContext>
      <Refusal plan={data.plan} rates={found.rates} others={explored(found.refusal)}>
        <Unjudged findings={found.refusal} />
      </Refusal>
      <Degeneration plan={data.plan} findings={found.degeneration} />
      <Onset data={data} cells={found.onsetCells} others={found.onset} />
      {found.thoughts.length > 0 && (
        <Section
          id="thoughts"
          title="Thought and answer"
          detail
          lead="What a reasoning model's thought says is not what its answer does. Verdicts are about answers alone; this section is about the thoughts."
        >
          <FindingList findings={found.thoughts} />
        </Section>
      )}
      {data.kl_to !== null && <DistanceSection kl_to={data.kl_to} findings={found.distance} />}
      <Inside data={data} first={found} others={others} />
      <Shares
        id="flags"
        title="Flags"
        lead="Answers whose features contradict their words."
        charts={flags}
        others={found.flags}
        absent="Flags need an SAE. Try: fathom audit … --sae DIR"
      />
      <Shares
        id="framing"
        title="Framings and panels"
        lead="Does the way of asking change the answer? Does the model refuse topics that are harmful, or topics that are only regulated?"
        charts={breadth}
        others={explored([...found.framing, ...found.panel, ...found.breadth])}
        absent="No finding compares framings or panels."
      />
      {found.languageRates.length > 0 && (
        <Shares
          id="languages"
          title="Languages"
          lead="Does the model refuse the same in every language? Answers that the judge does not read have no label."
          charts={languages}
          others={found.languages}
          absent="The prompts are in one language."
        />
      )}
      {found.other.length > 0 && (
        <Section id="other" title="Other findings" lead="Findings that no other section shows." detail>
          <FindingList findings={found.other} />
        </Section>
      )}
      <AnswersContext value={answers}>
        <Prompts data={data} />
      </AnswersContext>
      <Method data={data} />
      <Identities identities={data.identities} lead="Exactly what was audited, and with which tools." />
      <Limits data={data} />
    </PageFrame>
  );
}

/** Findings that no headline tells already. Answers without a label are told in one line. */
const explored = (findings: readonly Finding[]): Finding[] =>
  findings.filter(({ primary, about }) => primary === undefined && about.kind !== "unjudged_rate");
