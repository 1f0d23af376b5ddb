import { z } from "zod";

/** Who codes: people, a language model with the codebook in its prompt, or lists of cue words. */
export const CoderKind = z.enum(["people", "model", "cues"]);
export type CoderKind = z.infer<typeof CoderKind>;

/** The cue lists' name among the coders. */
export const cuesCoder = "cues";

/** The code that one coder gave one text on one variable of the codebook: a row of `corpus/codings/<coder>.csv`. */
export const Coding = z.strictObject({
  /** The story's or the generation's id. */
  text: z.string().min(1),
  variable: z.string().min(1),
  code: z.string().min(1),
  kind: CoderKind,
});
export type Coding = Readonly<z.infer<typeof Coding>>;

/** All codings of one coder. */
export interface Coder {
  /** The file's name: short, of letters, digits, `-` and `_`. */
  readonly name: string;
  readonly kind: CoderKind;
  readonly codings: readonly Coding[];
}

/** The code that more than half of the coders gave; undefined if there is none. */
export const majority = (codes: readonly string[]): string | undefined =>
  codes.find((code) => codes.filter((other) => other === code).length > codes.length / 2);
