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
      readonly row?: Row;
    }
  | {
      /** Any number of options; the response has their values, separated by `|`. */
      readonly kind: "several";
      readonly name: string;
      readonly ask: string;
      readonly options: readonly (readonly [value: string, label: string])[];
      readonly required: boolean;
    }
  | {
      readonly kind: "scale";
      readonly name: string;
      readonly ask: string;
      readonly levels: readonly string[];
      readonly ends: readonly [low: string, high: string];
      /** A label for each level, which is then shown instead of its number. */
      readonly labels?: readonly string[];
      readonly required: boolean;
      readonly row?: Row;
    }
  | {
      readonly kind: "text";
      readonly name: string;
      readonly ask: string;
      readonly most: number;
      readonly rows: number;
      /** The least number of characters of an answer. */
      readonly least?: number;
      readonly required?: boolean;
    }
  | {
      readonly kind: "line";
      readonly name: string;
      readonly ask: string;
      readonly number: boolean;
      readonly required: boolean;
    };

/** One of several items under one question, such as a row of a matrix; its `ask` has both texts. */
export interface Row {
  /** The question above all rows. */
  readonly lead: string;
  readonly text: string;
}

/** Items with fixed values to choose from. */
type ClosedItem = Extract<Item, { readonly kind: "choice" | "scale" }>;

export const isClosed = (item: Item): item is ClosedItem => item.kind === "choice" || item.kind === "scale";

/** Whether answers are chosen, one or several, and not written. */
export const isChosen = (item: Item): boolean => isClosed(item) || item.kind === "several";

/** The values of a closed item, in order. */
export const levelsOf = (item: ClosedItem): readonly string[] =>
  item.kind === "choice" ? item.options.map(([value]) => value) : item.levels;

/** What each step of a scale means, with its number: `1 (not at all)`, `2`, `3 (very much)`. */
export const stepLabels = ({
  levels,
  labels,
  ends: [low, high],
}: Extract<Item, { readonly kind: "scale" }>): string[] =>
  levels.map((level, at) => {
    const label = labels?.[at] ?? (at === 0 ? low : at === levels.length - 1 ? high : undefined);
    return label === undefined ? level : `${level} (${label})`;
  });

/** Between the values of an answer to an item of the kind `several`. */
export const severalSeparator = "|";

/** The form field of one option of an item of the kind `several`: a browser then posts every field at most once. */
export const optionField = (name: string, value: string): string => `${name}.${value}`;

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

/** The survey's general phrases in the participant's language. */
type SurveyWords = (key: string, values?: Readonly<Record<string, string | number>>) => string;

/**
 * Items as fields of a plain form, which works without a script; `given` is an earlier answer. What may be skipped is
 * marked, unless its question says so already. Items with the same lead are under it.
 */
export function renderItems(
  items: readonly Item[],
  words: SurveyWords,
  given: Readonly<Record<string, unknown>> = {},
): Html {
  const rendered: Html[] = [];
  for (let at = 0; at < items.length; ) {
    const lead = rowOf(items[at]!)?.lead;
    const rows = items.slice(at, endOfRows(items, at, lead));
    rendered.push(
      lead === undefined
        ? renderItem(marked(rows[0]!, words), given, words)
        : renderRows(lead, rows, given, words),
    );
    at += rows.length;
  }
  return html`${rendered}`;
}

const rowOf = (item: Item): Row | undefined => ("row" in item ? item.row : undefined);

/** The end of the rows that begin at `at` and have this lead; an item without one is alone. */
function endOfRows(items: readonly Item[], at: number, lead: string | undefined): number {
  if (lead === undefined) return at + 1;
  const end = items.findIndex((item, place) => place > at && rowOf(item)?.lead !== lead);
  return end < 0 ? items.length : end;
}

/** One question with several rows: each a group of its own, under the question. */
function renderRows(
  lead: string,
  rows: readonly Item[],
  given: Readonly<Record<string, unknown>>,
  words: SurveyWords,
): Html {
  const optional = rows.every((row) => !isRequired(row));
  return html`
<fieldset class="rows">
<legend>${optional ? withMark(lead, words) : lead}</legend>
${rows.map((row) => {
  const ask = rowOf(row)!.text;
  return renderItem({ ...row, ask: optional || isRequired(row) ? ask : withMark(ask, words) }, given, words);
})}
</fieldset>`;
}

const isRequired = (item: Item): boolean => item.required === true;

const marked = (item: Item, words: SurveyWords): Item =>
  isRequired(item) ? item : { ...item, ask: withMark(item.ask, words) };

const withMark = (ask: string, words: SurveyWords): string =>
  ask.endsWith(words("optional")) ? ask : `${ask} ${words("optional")}`;

/** Up to this many short options are a list: levels of education in a grid would break into uneven rows. */
const mostInList = 6;

/** Up to this many labelled steps are in a row where there is room. */
const mostLabelsInRow = 5;

function renderItem(item: Item, given: Readonly<Record<string, unknown>>, words: SurveyWords): Html {
  const own = given[item.name];
  if (item.kind === "choice") {
    return html`
<fieldset class="choice${item.small && (item.options.length > mostInList ? " small" : " small list")}">
<legend>${item.ask}</legend>
${item.options.map(([value, label]) => radio(item, value, label, own))}
</fieldset>`;
  }
  if (item.kind === "several") {
    const chosen = new Set(String(own ?? "").split(severalSeparator));
    return html`
<fieldset class="choice small list">
<legend>${item.ask} <span class="hint">${words("question.several")}</span></legend>
${item.options.map(([value, label]) => {
  const field = optionField(item.name, value);
  return html`<label><input type="checkbox" name="${field}" value="yes"${
    (chosen.has(value) || given[field] === "yes") && html` checked`
  }><span>${label}</span></label>`;
})}
</fieldset>`;
  }
  if (item.kind === "scale") return renderScale(item, own);
  const value = String(own ?? "");
  if (item.kind === "text") {
    const { least } = item;
    return html`
<label class="reason">${item.ask}${least !== undefined && html` <span class="hint">${words("question.least", { least })}</span>`}
<textarea name="${item.name}"${least !== undefined && html` minlength="${least}"`} maxlength="${item.most}" rows="${item.rows}"${item.required && html` required`}>${value}</textarea></label>`;
  }
  return html`
<label class="reason">${item.ask}
<input type="${item.number ? "number" : "text"}" name="${item.name}" value="${value}"${
    item.number ? html` min="0" max="9999" inputmode="numeric"` : html` maxlength="200"`
  }${item.required && html` required`}></label>`;
}

function renderScale(item: Extract<Item, { readonly kind: "scale" }>, given: unknown): Html {
  const { levels, labels } = item;
  if (labels)
    return html`
<fieldset class="scale words${labels.length > mostLabelsInRow && " many"}">
<legend>${item.ask}</legend>
<div class="levels">${levels.map((level, at) => radio(item, level, labels[at]!, given))}</div>
</fieldset>`;
  const [low, high] = item.ends;
  const last = levels.length - 1;
  return html`
<fieldset class="scale${last > 7 && " long"}">
<legend>${item.ask}</legend>
<div class="levels">${levels.map((level, at) =>
    radio(item, level, level, given, at === 0 ? low : at === last ? high : undefined),
  )}</div>
<div class="ends" aria-hidden="true"><span>${low}</span><span>${high}</span></div>
</fieldset>`;
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
