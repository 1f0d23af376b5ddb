import { basename } from "node:path";
import { sha256 } from "../text/hash.ts";
import type { Column } from "./table.ts";

/** The columns of a text that may be left out. */
export const textColumns = (meaning: string): Column[] => [
  { name: "text", type: "string", meaning: `${meaning}; empty if it is left out` },
  { name: "withheld", type: "string", meaning: "Why the text is left out; empty if it is not" },
  {
    name: "sha256",
    type: "string",
    required: true,
    meaning: "SHA-256 of the text in UTF-8, also if it is left out",
  },
];

/** The cells of these columns; `withheld` says why the text is left out. */
export const textCells = (text: string, withheld: string | undefined) => ({
  text: withheld || text === "" ? undefined : text,
  withheld,
  sha256: sha256(text),
});

/** Removes the folders of a local path: `llama:/home/me/model.gguf` becomes `llama:model.gguf`. */
export function withoutFolder(name: string): string {
  const [, scheme = "", rest = name] = /^([a-z]+:)?(.*)$/s.exec(name) ?? [];
  const isPath = /^(\/|\.{1,2}\/|~|[A-Za-z]:\\)/.test(rest) && !rest.startsWith("//");
  return isPath ? scheme + basename(rest.replaceAll("\\", "/")) : name;
}
