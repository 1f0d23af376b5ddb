/**
 * A name that every file system accepts: without characters that Windows refuses, without a dot or space at the end,
 * and not a Windows device (`con`, `nul`, `com1` …), which gets a hyphen.
 */
export function portableName(name: string): string {
  const plain = name.replace(/[<>:"/\\|?*\u0000-\u001f]+/g, "-").replace(/[. ]+$/, "");
  return plain.replace(/^(con|prn|aux|nul|(?:com|lpt)[0-9])(?=\.|$)/i, "$1-");
}

/** A key that is equal for names that are the same file if case is ignored, as on Windows and macOS. */
export const foldedName = (name: string): string => portableName(name).toLowerCase();
