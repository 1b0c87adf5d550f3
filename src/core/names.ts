/** Short names for manifests and reports. They leave out where on somebody's machine a file lies. */

/**
 * The last part of a path on this machine (`/home/me/model`, `C:\models\m`, `~/m`, `../m`). A repository of the hub (`org/name`)
 * and any other text is returned unchanged.
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
