/** A piece of text, in italics or not. */
export interface Run {
  readonly text: string;
  readonly italic: boolean;
}

/** A heading or a paragraph of an article's body, from markup or from embedded data. */
export interface Block {
  readonly kind: "heading" | "paragraph";
  readonly runs: readonly Run[];
  /** Whether all of its text is bold (probably a heading) or linked (probably a pointer to other pages). */
  readonly bold: boolean;
  readonly linked: boolean;
}

export const textOf = ({ runs }: Pick<Block, "runs">): string => runs.map(({ text }) => text).join("");
