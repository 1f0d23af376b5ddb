/** A stretch of text, set in italics or not. */
export interface Run {
  readonly text: string;
  readonly italic: boolean;
}

/** A heading or a paragraph of an article's body, whichever form of the page it was read from. */
export interface Block {
  readonly kind: "heading" | "paragraph";
  readonly runs: readonly Run[];
  /** True where all of its text is bold or within links: a heading in disguise, a pointer to other pages. */
  readonly bold: boolean;
  readonly linked: boolean;
}

export const textOf = ({ runs }: Pick<Block, "runs">): string => runs.map(({ text }) => text).join("");
