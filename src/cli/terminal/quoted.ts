/**
 * Quotes an argument so that it can be typed: in single quotes for a POSIX shell, in double quotes on Windows (cmd.exe,
 * PowerShell), where programs parse their own arguments. Text that needs no quotes gets none.
 */
export function quoted(argument: string, platform: NodeJS.Platform = process.platform): string {
  if (platform !== "win32")
    return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
  if (/^[\w@+=:./\\-]+$/.test(argument)) return argument;
  // A backslash stands for itself, but not before a quote.
  return `"${argument.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, "$&$&")}"`;
}
