/**
 * The description of a circuit: features that read the harm of a prompt and each other, and a readout that decides to refuse.
 * docs/circuits.md explains the format. Every part is a threshold: it is active if the weighted sum of what it reads is
 * above a number. A feature that is active counts as 1, a silent one as 0, the harm of a harmful prompt as 1.
 */
import { z } from "zod";
import { badInput } from "../../core/errors.ts";
import { readJson } from "../../files/disk/io.ts";

const when = z
  .record(z.string().min(1), z.number())
  .describe('What the part reads, with weights: "harm", or a feature of a lower block.');
const above = z.number().describe("The part is active if the weighted sum is above this number.");
const block = z.int().min(1).describe("The block whose MLP writes the part. Block 0 moves the harm.");

const featureSchema = z.strictObject({
  block,
  when,
  above,
  at: z
    .enum(["decision", "everywhere"])
    .describe(
      "decision: only at the token before the deciding position. everywhere: at each token from the topic on, also of the answer.",
    ),
  overlap: z
    .record(z.string().min(1), z.number().min(-0.9).max(0.9))
    .optional()
    .describe(
      'Cosine of the decoder with the direction of another feature, or with "refusal". Missing: none.',
    ),
  outside_dictionary: z
    .literal(true)
    .optional()
    .describe("No SAE has this feature. Missing: the SAE of its block has it."),
});

export const circuitSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  says: z.string().min(1).describe("What the circuit is, in a sentence."),
  blocks: z.int().min(2).max(12).describe("Number of transformer blocks."),
  dictionary: z.enum(["relu", "jumprelu", "topk"]).describe("Kind of the SAEs."),
  decides: z
    .enum(["first", "later"])
    .describe(
      "Whether the first token of the answer decides, or a later one, behind words that every answer begins with.",
    ),
  whole_tokens: z
    .literal(true)
    .optional()
    .describe(
      "The SAEs hold the tokens of the answers wholly, so ablating every feature breaks the text. Missing: they hold a part of each.",
    ),
  features: z.record(z.string().regex(/^[a-z0-9-]+$/), featureSchema),
  refuses: z
    .strictObject({ block, when, above })
    .nullable()
    .describe("The readout. It is not in any SAE. null: the model never refuses."),
});

export type CircuitDescription = z.infer<typeof circuitSchema>;

/** @throws FathomError naming the key that is missing, unknown or of another kind, or the part that reads something wrong */
export function readDescription(path: string): CircuitDescription {
  const parsed = circuitSchema.safeParse(readJson(path));
  if (!parsed.success) {
    const { path: at, message } = parsed.error.issues[0]!;
    throw badInput(`${path} ${at.join(".")}`, "a circuit as docs/circuits.md describes it", message);
  }
  checkDescription(parsed.data, path);
  return parsed.data;
}

/** @throws FathomError naming the part that reads something that it cannot read */
export function checkDescription(circuit: CircuitDescription, where: string): void {
  const { features, refuses, blocks } = circuit;
  for (const [name, feature] of Object.entries(features)) {
    const place = `${where} features.${name}`;
    if (feature.block >= blocks)
      throw badInput(`${place}.block`, `a block from 1 to ${blocks - 1}`, String(feature.block));
    checkInputs(circuit, feature, place);
    for (const source of Object.keys(feature.when))
      if (feature.at === "everywhere" && features[source]?.at === "decision")
        throw badInput(`${place}.when`, "features that are also at: everywhere", source);
    for (const other of Object.keys(feature.overlap ?? {}))
      if (other !== "refusal" && (features[other] === undefined || other === name))
        throw badInput(`${place}.overlap`, 'another feature, or "refusal"', other);
  }
  if (refuses === null) return;
  if (refuses.block >= blocks)
    throw badInput(`${where} refuses.block`, `a block from 1 to ${blocks - 1}`, String(refuses.block));
  checkInputs(circuit, refuses, `${where} refuses`);
}

function checkInputs(
  { features }: CircuitDescription,
  part: { block: number; when: Record<string, number> },
  place: string,
): void {
  for (const source of Object.keys(part.when)) {
    if (source === "harm") continue;
    const read = features[source];
    if (read === undefined) throw badInput(`${place}.when`, '"harm" or a feature', source);
    if (read.block >= part.block)
      throw badInput(
        `${place}.when`,
        `a feature below block ${part.block}`,
        `${source} of block ${read.block}`,
      );
  }
}
