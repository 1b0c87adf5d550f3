/** The page of an anatomy, with its sections in the order of a reader's questions. */
import type { AnatomyReport as Data } from "../../src/core/records/anatomy-report.ts";
import { AnatomyHeader } from "./anatomy/anatomy-header.tsx";
import { AnatomyLimits, AnatomyMethod } from "./anatomy/anatomy-method.tsx";
import { Backups } from "./anatomy/backups.tsx";
import { Depth } from "./anatomy/depth.tsx";
import { Direction } from "./anatomy/direction.tsx";
import { FeatureMap } from "./anatomy/feature-map.tsx";
import { Pareto } from "./anatomy/pareto.tsx";
import { Sets } from "./anatomy/sets.tsx";
import { PageFrame } from "./components/page-frame.tsx";
import { Identities } from "./sections/identities.tsx";

const contents = [
  ["direction", "Direction"],
  ["sets", "Sets"],
  ["features", "Layer map"],
  ["depth", "Depth"],
  ["backups", "Backups"],
  ["cost", "Cost"],
  ["method", "Method"],
  ["identities", "Identities"],
  ["not-measured", "Limits"],
] as const;

export function AnatomyReport({ data }: { data: Data }) {
  return (
    <PageFrame skip="Skip to the measurements" header={<AnatomyHeader data={data} />} contents={contents}>
      <Direction data={data} />
      <Sets data={data} />
      <FeatureMap data={data} />
      <Depth data={data} />
      <Backups data={data} />
      <Pareto data={data} />
      <AnatomyMethod data={data} />
      <Identities
        identities={data.identities}
        lead="Exactly which model, SAEs and prompts were used, and with which tools."
      />
      <AnatomyLimits data={data} />
    </PageFrame>
  );
}
