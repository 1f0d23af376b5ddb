import { stemmer } from "stemmer";
import type { Coding } from "../study/coding.ts";
import { termsOf } from "../text/words.ts";
import type { Code, Codebook, Variable } from "./codebook.ts";

/**
 * Codes by cue words, the weakest of the three ways: the code most of whose cues stand in title and text (by stem,
 * each cue once), the earlier in the codebook of two. Where no cue stands, the code marked `otherwise`, or none.
 * It sees neither irony nor whose father it is; it is the floor that a better coder has to lie above.
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

/** What there is to code, whoever wrote it. */
export interface CodedText {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

interface Cues {
  readonly code: string;
  readonly cues: readonly string[];
}

/** Cues as they stand in a row of stems: each once, parted from its neighbours. */
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
