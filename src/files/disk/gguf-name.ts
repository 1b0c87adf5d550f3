/** Whether a file has the name of a GGUF file, in upper or lower case: Windows and some packers write .GGUF. */

export const isGgufName = (path: string): boolean => /\.gguf$/i.test(path);
