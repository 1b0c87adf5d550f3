/** What an anatomy can be asked for. Each part includes the ones before it. The help reads this, so it imports nothing. */
export const anatomyParts = ["direction", "minimal", "backups"] as const;
export type AnatomyPart = (typeof anatomyParts)[number];
