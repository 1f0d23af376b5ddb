/** Markup that is safe to send: made only by `html`, which escapes its values, and by `trusted`. */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
  toString(): string {
    return this.markup;
  }
}

type Hole = Html | string | number | boolean | null | undefined | readonly Hole[];

/**
 * A template whose values are escaped: `` html`<p>${story.text}</p>` ``. Html values stay as they are, lists are
 * joined, and `undefined`, `null` and `false` give nothing.
 */
export function html(literals: TemplateStringsArray, ...holes: Hole[]): Html {
  let markup = literals[0]!;
  holes.forEach((hole, index) => {
    markup += render(hole) + literals[index + 1]!;
  });
  return new Html(markup);
}

/** Markup that the program itself wrote (a style sheet, a drawn SVG), never a user's text. */
export const trusted = (markup: string): Html => new Html(markup);

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text made safe for an element or a quoted attribute. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (mark) => entities[mark]!);

function render(hole: Hole): string {
  if (hole === undefined || hole === null || hole === false || hole === true) return "";
  if (hole instanceof Html) return hole.markup;
  if (Array.isArray(hole)) return hole.map(render).join("");
  return escapeHtml(String(hole));
}
