/** Names that are passed on, in manifests and reports: what a place on somebody's machine is called there, without the place. */

/**
 * The last part of a path that says where on a machine something lies (`/home/me/model`, `C:\models\m`, `~/m`, `../m`); a
 * repository of the hub (`org/name`) and any other text is left as it is.
 */
export function nameOf(pathOrName: string): string {
  if (!/^(?:[/\\~]|\.{1,2}[/\\]|[A-Za-z]:[/\\]|file:)/.test(pathOrName)) return pathOrName;
  return (
    pathOrName
      .split(/[/\\]+/)
      .filter((part) => part !== "")
      .at(-1) ?? pathOrName
  );
}
