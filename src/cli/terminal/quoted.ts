/**
 * An argument as it is typed: for a POSIX shell in single quotes, on Windows (cmd.exe, PowerShell) in double ones, by the rules
 * that programs there take their arguments apart with. Text that needs no quotes gets none.
 */
export function quoted(argument: string, platform: NodeJS.Platform = process.platform): string {
  if (platform !== "win32")
    return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
  if (/^[\w@+=:./\\-]+$/.test(argument)) return argument;
  // A backslash stands for itself, but not before a quote.
  return `"${argument.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, "$&$&")}"`;
}
