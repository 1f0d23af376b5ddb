import { type Html, html } from "../text/html.ts";
import type { Phrases } from "./phrases.ts";

/**
 * One thing to fill in. The survey shows it as a field of a plain form; exports write it as a question of the other form
 * system. `name` is its field in the response.
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

/** Items with fixed values to choose from. */
type ClosedItem = Extract<Item, { readonly kind: "choice" | "scale" }>;

export const isClosed = (item: Item): item is ClosedItem => item.kind === "choice" || item.kind === "scale";

/** The values of a closed item, in order. */
export const levelsOf = (item: ClosedItem): readonly string[] =>
  item.kind === "choice" ? item.options.map(([value]) => value) : item.levels;

const fivePoints = ["1", "2", "3", "4", "5"] as const;

/** Confidence from 1 to 5, and the reason as free text; both optional. They follow a judgment of origin. */
export const confidenceAndReason = (words: Phrases): Item[] => [
  {
    kind: "scale",
    name: "confidence",
    ask: words("confidence.ask"),
    levels: fivePoints,
    ends: [words("confidence.low"), words("confidence.high")],
    required: false,
  },
  { kind: "text", name: "reason", ask: words("reason.ask"), most: 1000, rows: 2 },
];

/**
 * Items as fields of a plain form, which works without a script; `given` is an earlier answer. What may be skipped is
 * marked with `optional`, unless its question says so already.
 */
export const renderItems = (
  items: readonly Item[],
  optional: string,
  given: Readonly<Record<string, unknown>> = {},
): Html =>
  html`${items.map((item) => renderItem({ ...item, ask: askOf(item, optional) }, given[item.name]))}`;

function askOf(item: Item, optional: string): string {
  const isRequired = item.kind !== "text" && item.required;
  return isRequired || item.ask.endsWith(optional) ? item.ask : `${item.ask} ${optional}`;
}

/** Up to this many short options are a list: levels of education in a grid would break into uneven rows. */
const mostInList = 6;

function renderItem(item: Item, given: unknown): Html {
  if (item.kind === "choice") {
    return html`
<fieldset class="choice${item.small && (item.options.length > mostInList ? " small" : " small list")}">
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

/** One labelled radio button; `spoken` is read by screen readers only: the meaning of this end of a scale. */
const radio = (
  { name, required }: { readonly name: string; readonly required: boolean },
  value: string,
  label: string,
  given: unknown,
  spoken?: string,
): Html =>
  html`<label><input type="radio" name="${name}" value="${value}"${required && html` required`}${
    given === value && html` checked`
  }><span>${label}${spoken && html`<span class="heard"> (${spoken})</span>`}</span></label>`;
