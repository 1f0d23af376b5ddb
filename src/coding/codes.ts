import type { Variable } from "./codebook.ts";

/** A code as the codebook writes it, whatever the case and the spaces of what was given; undefined for none of its codes. */
export function codeNamed({ codes }: Variable, given: string): string | undefined {
  return codes.find(({ code }) => plain(code) === plain(given))?.code;
}

const plain = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, " ");
