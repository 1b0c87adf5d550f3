/** What a GGUF file is called, in whatever case: Windows and some packers write .GGUF. */

export const isGgufName = (path: string): boolean => /\.gguf$/i.test(path);
