import { stemmer } from "stemmer";
import type { Coding } from "../study/coding.ts";
import { termsOf } from "../text/words.ts";
import type { Code, Codebook, Variable } from "./codebook.ts";

/**
 * Codes by cue words, the weakest of the three kinds of coder: the code with the most cues in title and text (by
 * stem, each cue once); the earlier one in the codebook if two are equal. Without any cue, the code marked
 * `otherwise`, or none. It does not understand irony or context; a better coder has to beat it.
 */
export function codedByCues(texts: readonly CodedText[], { variables }: Codebook): Coding[] {
  const lists = variables.map((variable) => ({ variable, codes: variable.codes.map(cuesOf) }));
  return texts.flatMap((text) => {
    const stems = ` ${stemmed(`${text.title}\n${text.text}`)} `;
    return lists.flatMap(({ variable, codes }) => {
      const code = best(codes, stems) ?? otherwise(variable);
      return code ? [{ text: text.id, variable: variable.name, code, kind: "cues" as const }] : [];
    });
  });
}

/** A text to code. */
export interface CodedText {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

interface Cues {
  readonly code: string;
  readonly cues: readonly string[];
}

/** Each cue once, as stems between spaces. */
const cuesOf = ({ code, cues }: Code): Cues => ({
  code,
  cues: [...new Set(cues.map((cue) => ` ${stemmed(cue)} `))],
});

const stemmed = (text: string): string =>
  termsOf(text)
    .map((term) => stemmer(term.replace(/'s$/, "")))
    .join(" ");

function best(codes: readonly Cues[], stems: string): string | undefined {
  let [most, winner]: [number, string | undefined] = [0, undefined];
  for (const { code, cues } of codes) {
    const found = cues.filter((cue) => stems.includes(cue)).length;
    if (found > most) [most, winner] = [found, code];
  }
  return winner;
}

const otherwise = ({ codes }: Variable): string | undefined => codes.find((code) => code.otherwise)?.code;
