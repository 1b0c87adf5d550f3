/** Random edits at every site of a model, for tests. */
import { random } from "../../src/core/random.ts";
import { siteKinds } from "../../src/model/architecture/slots/sites.ts";
import type { Edit } from "../../src/model/engine/edits/edit.ts";

/** An edit of three ReLU features at every site. @param d d_model @param depth number of blocks */
export function editsEverywhere(d: number, depth: number): Edit[] {
  const rng = random("edits everywhere");
  const normals = (n: number, scale = 1) => Float32Array.from({ length: n }, () => scale * rng.normal());
  return siteKinds.flatMap((site) =>
    Array.from(
      { length: site === "embed" ? 1 : depth },
      (_, layer): Edit => ({
        ...{ layer, site, activation: "relu" },
        ...{ encoder: normals(3 * d, d ** -0.5), bias: normals(3), decoder: normals(3 * d, 0.3) },
        ...{ scale: normals(3), offset: normals(3) },
      }),
    ),
  );
}
