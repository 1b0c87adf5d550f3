/** Reads gate.yaml. */
import { badInput } from "../../core/errors.ts";
import { nearest } from "../../core/near.ts";
import { gateAbouts, gateFileSchema, type PlacedGate } from "../../core/results/gate.ts";
import { parseYaml, readYaml, type YamlFile } from "../../files/yaml/yaml.ts";

const hint = "docs/cli.md#gates has an example";

/** @throws FathomError that names the line: of a key or value that does not fit, and of a gate that no finding can ever be about */
export function readGates(path: string): PlacedGate[] {
  const yaml = readYaml(path, "gates in YAML");
  const { gates } = parseYaml(yaml, gateFileSchema, [], {
    what: "the key gates, and about, bound, min or max in a gate",
    hint,
  });
  return gates.map((gate, i) => {
    requireKnown(yaml, i, gate.about.kind);
    return { place: yaml.at(["gates", i]).split(" ")[0]!, gate };
  });
}

/** Checks a gate's `about` by its kind. */
function requireKnown(yaml: YamlFile, i: number, kind: string): void {
  const known = gateAbouts.get(kind);
  if (known === undefined)
    throw badInput(
      yaml.at(["gates", i, "about", "kind"]),
      "a kind of finding",
      JSON.stringify(kind),
      `${nearest(kind, [...gateAbouts.keys()], 3).join(", ")}; docs/cli.md lists all kinds`,
    );
  const others = Object.keys(known.shape).filter((key) => key !== "kind");
  parseYaml(yaml, known, ["gates", i, "about"], {
    what: others.length === 0 ? `no key of ${kind} but kind` : `keys of ${kind}: ${others.join(", ")}`,
    hint: "docs/cli.md lists the kinds with their keys",
  });
}
