/**
 * The layer map: every feature at its site and the round in which it wakes, as large as its effect. It is a real table of buttons, so it is
 * read and used without a mouse. An opened feature shows where it is active.
 */
import { useId, useMemo, useState } from "react";
import type { AnatomyReport } from "../../../src/core/records/anatomy-report.ts";
import {
  featureNames,
  keyOf,
  type MapFeature,
  mapFeatures,
  type Role,
  siteName,
  wakesWords,
} from "../../../src/shown/anatomy-features.ts";
import { featuresTable } from "../../../src/shown/anatomy-tables.ts";
import { absent } from "../../../src/shown/anatomy-words.ts";
import { DataFigure } from "../components/data-figure.tsx";
import { NotMeasured } from "../components/not-measured.tsx";
import { Section } from "../components/section.tsx";
import { featuresCsv } from "../lib/anatomy-csv.ts";
import { AnatomyFeature } from "./anatomy-feature.tsx";

export function FeatureMap({ data }: { data: AnatomyReport }) {
  const { anatomy } = data;
  const features = useMemo(() => mapFeatures(anatomy), [anatomy]);
  const [open, setOpen] = useState<string | null>(null);
  const detailId = useId();
  const nameOf = useMemo(() => featureNames(anatomy), [anatomy]);
  const opened = features.find((feature) => keyOf(feature) === open);
  return (
    <Section
      id="features"
      title="Layer map"
      lead="The features of the minimal sets and all that wake when others are ablated. From left to right the sites, from top to bottom when a feature wakes. Open one for the tokens that it is active on."
    >
      {features.length === 0 ? (
        <NotMeasured {...absent(data, "minimal")} />
      ) : (
        <DataFigure
          title="Features by site and round of waking"
          sentence={mapSentence(features)}
          {...featuresTable(anatomy)}
          csv={() => featuresCsv(anatomy)}
          file="features"
        >
          <RoleLegend features={features} />
          <MapTable
            features={features}
            layers={[
              ...new Set(anatomy.sites.filter(({ gate }) => gate === "passed").map(({ layer }) => layer)),
            ]}
            nameOf={nameOf}
            open={open}
            detailId={detailId}
            onOpen={(key) => {
              setOpen(key === open ? null : key);
            }}
          />
          {opened !== undefined && (
            <div id={detailId} className="map-detail">
              <AnatomyFeature feature={opened} name={nameOf(opened)} />
            </div>
          )}
        </DataFigure>
      )}
    </Section>
  );
}

function mapSentence(features: readonly MapFeature[]): string {
  const dormant = features.filter(({ wakes }) => wakes > 0);
  const bearing = dormant.filter(({ role }) => role === "load-bearing").length;
  const first = features.length - dormant.length;
  const others =
    dormant.length === 0
      ? "None wakes later."
      : `${dormant.length} ${dormant.length === 1 ? "wakes" : "wake"} later, ${bearing} of them load-bearing.`;
  return `${first} ${first === 1 ? "feature is" : "features are"} active from the start. ${others}`;
}

interface MapTableProps {
  features: readonly MapFeature[];
  /** Sites that were searched, also those without a feature in the map. */
  layers: readonly number[];
  nameOf: (feature: MapFeature) => string;
  open: string | null;
  detailId: string;
  onOpen: (key: string) => void;
}

function MapTable({ features, layers, nameOf, open, detailId, onOpen }: MapTableProps) {
  const columns = [...new Set([...layers, ...features.map(({ layer }) => layer)])].sort((a, b) => a - b);
  const rows = [...new Set([0, ...features.map(({ wakes }) => wakes)])].sort((a, b) => a - b);
  const largest = Math.max(...features.map(effectOf), Number.MIN_VALUE);
  return (
    <section className="scroll" tabIndex={0} aria-label="Layer map">
      <table className="layer-map">
        <caption className="for-readers">Features by site (columns) and round of waking (rows)</caption>
        <thead>
          <tr>
            <th scope="col">Wakes</th>
            {columns.map((layer) => (
              <th key={layer} scope="col">
                {siteName(layer)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((wakes) => (
            <tr key={wakes}>
              <th scope="row">{wakesWords(wakes)}</th>
              {columns.map((layer) => (
                <td key={layer}>
                  {features
                    .filter((feature) => feature.layer === layer && feature.wakes === wakes)
                    .map((feature) => {
                      const key = keyOf(feature);
                      return (
                        <button
                          key={key}
                          type="button"
                          className="map-feature"
                          aria-expanded={key === open}
                          {...(key === open ? { "aria-controls": detailId } : {})}
                          aria-label={`${nameOf(feature)}, ${feature.role}`}
                          onClick={() => {
                            onOpen(key);
                          }}
                        >
                          <RoleMark role={feature.role} part={effectOf(feature) / largest} />
                          <span>#{feature.feature}</span>
                        </button>
                      );
                    })}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const effectOf = ({ effect }: MapFeature): number => Math.max(0, effect.estimate ?? 0);

/** Areas are as the effects, from a smallest that can still be seen. Shape says the role. */
function RoleMark({ role, part = 0.3 }: { role: Role; part?: number }) {
  const r = 4 + 12 * Math.sqrt(part);
  const size = Math.ceil(2 * r + 4);
  const half = size / 2;
  const carries = role === "load-bearing" || role === "in a minimal set";
  return (
    <svg viewBox={`${-half} ${-half} ${size} ${size}`} width={size} height={size} aria-hidden="true">
      <circle r={r} className={`role ${carries ? "carries" : role === "undetermined" ? "open" : ""}`} />
    </svg>
  );
}

const legend: readonly (readonly [Role, string])[] = [
  ["load-bearing", "In a minimal set, or load-bearing"],
  ["idle", "Idle, or in no set"],
  ["undetermined", "Undetermined"],
];

function RoleLegend({ features }: { features: readonly MapFeature[] }) {
  const roles = new Set(features.map(({ role }) => role));
  const shown = legend.filter(
    ([role]) =>
      roles.has(role) ||
      (role === "load-bearing" && roles.has("in a minimal set")) ||
      (role === "idle" && roles.has("in no set")),
  );
  return (
    <ul className="legend">
      {shown.map(([role, words]) => (
        <li key={role}>
          <RoleMark role={role} part={0.05} /> {words}
        </li>
      ))}
      <li>The larger the area, the larger the effect on the refusal score</li>
    </ul>
  );
}
