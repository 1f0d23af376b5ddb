import { type Html, html } from "../text/html.ts";
import type { Words } from "./phrases.ts";

/**
 * One thing to fill in, said once: the survey shows it as a field of a plain form, and other form systems get it as
 * a question of their own. `name` is the field of the response.
 */
export type Item =
  | {
      readonly kind: "choice";
      readonly name: string;
      readonly ask: string;
      readonly options: readonly (readonly [value: string, label: string])[];
      readonly required: boolean;
      /** Many short options instead of a few large ones. */
      readonly small?: boolean;
    }
  | {
      readonly kind: "scale";
      readonly name: string;
      readonly ask: string;
      readonly levels: readonly string[];
      readonly ends: readonly [low: string, high: string];
      readonly required: boolean;
    }
  | {
      readonly kind: "text";
      readonly name: string;
      readonly ask: string;
      readonly most: number;
      readonly rows: number;
    }
  | {
      readonly kind: "line";
      readonly name: string;
      readonly ask: string;
      readonly number: boolean;
      readonly required: boolean;
    };

/** Items that are answered with one of several fixed values. */
type ClosedItem = Extract<Item, { readonly kind: "choice" | "scale" }>;

export const isClosed = (item: Item): item is ClosedItem => item.kind === "choice" || item.kind === "scale";

/** The values of a closed item, in order. */
export const levelsOf = (item: ClosedItem): readonly string[] =>
  item.kind === "choice" ? item.options.map(([value]) => value) : item.levels;

const five = ["1", "2", "3", "4", "5"] as const;

/** How sure one is, from 1 to 5, and why, in one's own words; both may be left out. They follow a judgment of origin. */
export const sureAndWhy = (words: Words): Item[] => [
  {
    kind: "scale",
    name: "confidence",
    ask: words("confidence.ask"),
    levels: five,
    ends: [words("confidence.low"), words("confidence.high")],
    required: false,
  },
  { kind: "text", name: "reason", ask: words("reason.ask"), most: 1000, rows: 2 },
];

/** Items as fields of a plain form, which needs no script; `given` is an earlier answer. */
export const fieldsOf = (items: readonly Item[], given: Readonly<Record<string, unknown>> = {}): Html =>
  html`${items.map((item) => fieldOf(item, given[item.name]))}`;

function fieldOf(item: Item, given: unknown): Html {
  if (item.kind === "choice") {
    return html`
<fieldset class="choice${item.small && " small"}">
<legend>${item.ask}</legend>
${item.options.map(([value, label]) => radio(item, value, label, given))}
</fieldset>`;
  }
  if (item.kind === "scale") {
    const [low, high] = item.ends;
    const last = item.levels.length - 1;
    return html`
<fieldset class="scale">
<legend>${item.ask}</legend>
<div class="levels">${item.levels.map((level, at) =>
      radio(item, level, level, given, at === 0 ? low : at === last ? high : undefined),
    )}</div>
<div class="ends" aria-hidden="true"><span>${low}</span><span>${high}</span></div>
</fieldset>`;
  }
  const value = String(given ?? "");
  if (item.kind === "text") {
    return html`
<label class="reason">${item.ask}
<textarea name="${item.name}" maxlength="${item.most}" rows="${item.rows}">${value}</textarea></label>`;
  }
  return html`
<label class="reason">${item.ask}
<input type="${item.number ? "number" : "text"}" name="${item.name}" value="${value}"${
    item.number ? html` min="0" max="9999" inputmode="numeric"` : html` maxlength="200"`
  }${item.required && html` required`}></label>`;
}

/** One labelled radio button; `heard` is said to who listens only: what this end of a scale means. */
const radio = (
  { name, required }: { readonly name: string; readonly required: boolean },
  value: string,
  label: string,
  given: unknown,
  heard?: string,
): Html =>
  html`<label><input type="radio" name="${name}" value="${value}"${required && html` required`}${
    given === value && html` checked`
  }><span>${label}${heard && html`<span class="heard"> (${heard})</span>`}</span></label>`;
