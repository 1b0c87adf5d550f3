/** Where on the hub a file came from, so that it can be fetched again. Its hash, recorded elsewhere, identifies it. */
import { z } from "zod";

export const originSchema = z.strictObject({
  repo: z.string(),
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  /** Path in the repository; null for the whole repository. */
  path: z.string().nullable(),
});
export type Origin = z.infer<typeof originSchema>;

/** A name for people: the repository, and the file or folder in it if it is not the whole. */
export function originName({ repo, path }: Origin): string {
  return path === null ? repo : `${repo}:${path}`;
}
