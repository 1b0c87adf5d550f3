/** The page of an SAE's quality report, with its sections in the order of a reader's questions. */
import type { SaeReport as Data } from "../../src/core/records/sae-report.ts";
import { PageFrame } from "./components/page-frame.tsx";
import { Redundancy, Sparsity } from "./sae/distributions.tsx";
import { Features } from "./sae/features.tsx";
import { Fit } from "./sae/fit.tsx";
import { GateSection } from "./sae/gate.tsx";
import { SaeHeader } from "./sae/sae-header.tsx";
import { SaeLimits, SaeMethod } from "./sae/sae-method.tsx";
import { Training } from "./sae/training.tsx";
import { Identities } from "./sections/identities.tsx";

export function SaeReport({ data }: { data: Data }) {
  const contents: [string, string][] = [
    ["fit", "Fit"],
    ["sparsity", "Sparsity"],
    ["redundancy", "Redundancy"],
    ["features", "Features"],
    ...(data.curve === null ? [] : [["training", "Training"] as [string, string]]),
    ["gate", "Gate"],
    ["method", "Method"],
    ["identities", "Identities"],
    ["not-measured", "Limits"],
  ];
  return (
    <PageFrame skip="Skip to the measurements" header={<SaeHeader data={data} />} contents={contents}>
      <Fit findings={data.findings} massive={data.read.massive} />
      <Sparsity data={data} />
      <Redundancy data={data} />
      <Features data={data} />
      {data.curve !== null && <Training curve={data.curve} contrastive={data.contrastive} />}
      <GateSection gate={data.gate} />
      <SaeMethod data={data} />
      <Identities
        identities={data.identities}
        lead="Exactly which SAE was measured, on which model and texts, and with which tools."
      />
      <SaeLimits data={data} />
    </PageFrame>
  );
}
