/** Where on the hub something came from. What it is, its hash says; this is where to get it again. */
import { z } from "zod";

export const originSchema = z.strictObject({
  repo: z.string(),
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  /** In the repository; null for the whole of it. */
  path: z.string().nullable(),
});
export type Origin = z.infer<typeof originSchema>;

/** For people: the repository, and the file or folder of it where it is not the whole. */
export function originName({ repo, path }: Origin): string {
  return path === null ? repo : `${repo}:${path}`;
}
