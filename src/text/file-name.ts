/**
 * A name that every file system takes for a file or a folder: without the letters that Windows refuses, without a
 * dot or a space at its end, which it drops, and other than its devices (`con`, `nul`, `com1` ...), which get a hyphen.
 */
export function portableName(name: string): string {
  const plain = name.replace(/[<>:"/\\|?*\u0000-\u001f]+/g, "-").replace(/[. ]+$/, "");
  return plain.replace(/^(con|prn|aux|nul|(?:com|lpt)[0-9])(?=\.|$)/i, "$1-");
}

/** What names share that are one file where case makes no difference, as it makes none on Windows and macOS. */
export const foldedName = (name: string): string => portableName(name).toLowerCase();
