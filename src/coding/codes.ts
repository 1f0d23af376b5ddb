import type { Variable } from "./codebook.ts";

/** The code as the codebook writes it; case and spaces are ignored. Undefined for an unknown code. */
export function codeNamed({ codes }: Variable, given: string): string | undefined {
  return codes.find(({ code }) => plain(code) === plain(given))?.code;
}

const plain = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, " ");
