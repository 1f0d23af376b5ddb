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

type TemplateValue = Html | string | number | boolean | null | undefined | readonly TemplateValue[];

/**
 * A template whose values are escaped: `` html`<p>${story.text}</p>` ``. Html values stay as they are, lists are
 * joined, and `undefined`, `null` and `false` give nothing.
 */
export function html(literals: TemplateStringsArray, ...values: TemplateValue[]): Html {
  let markup = literals[0]!;
  values.forEach((value, index) => {
    markup += render(value) + literals[index + 1]!;
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

function render(value: TemplateValue): string {
  if (value === undefined || value === null || value === false || value === true) return "";
  if (value instanceof Html) return value.markup;
  if (Array.isArray(value)) return value.map(render).join("");
  return escapeHtml(String(value));
}
