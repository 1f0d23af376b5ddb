import type { Table } from "../study/finding.ts";
import { idsIn, printed, shownTable } from "../study/print.ts";
import { type Html, html, trusted } from "../text/html.ts";
import type { Names } from "./names.ts";
import { type Prose, unbroken } from "./prose.ts";
import type { StoryLinks } from "./stories.ts";

export interface TableContext {
  /** Texts that the report shows. */
  readonly links: StoryLinks;
  readonly names: Names;
  readonly prose: Prose;
}

/**
 * A table that scrolls sideways if it is wider than the page. Texts are named by their titles, with a link if the report
 * has them; terms have their definition.
 */
export function tableBlock(
  id: string,
  caption: Html | undefined,
  label: string,
  table: Table,
  context: TableContext,
): Html {
  const { columns, rows } = shownTable(table);
  // The first column names the row, so it is left-aligned even if it is a number.
  const alignment = (number: boolean, at: number) => (number && at > 0 ? "n" : "");
  const long = rows.length > maxOpenRows && caption !== undefined;
  return html`
  ${caption && html`<p class="caption" id="${id}-caption">${caption}</p>`}
  ${long && trusted(`<details class="rows"><summary>Show all ${rows.length} rows</summary>`)}
  <div class="table" role="group" tabindex="0" aria-label="${label}">
  <table id="${id}"${caption && html` aria-labelledby="${id}-caption"`}>
    <thead><tr>${columns.map(({ label, number }, at) => html`<th scope="col" class="${alignment(number, at)}">${context.prose.term(label)}</th>`)}</tr></thead>
    <tbody>${rows.map(
      (row, place) =>
        html`<tr>${columns.map(({ key, label, number, marked, ids }, at) => {
          const cell = row[at]!;
          const content = ids
            ? idsCell(idsIn(table.rows[place]![key]), context)
            : key === "stimulus"
              ? textName(cell, context)
              : marked
                ? html`${highlighted(cell)}`
                : at === 0
                  ? context.prose.term(cell)
                  : unbroken(cell);
          return at === 0
            ? html`<th scope="row" class="${cell.length <= 24 && "short"}">${content}</th>`
            : marked
              ? html`<td class="prose" data-label="${label}">${content}</td>`
              : html`<td class="${ids ? "ids" : alignment(number, at) || lengthClass(cell)}">${content}</td>`;
        })}</tr>`,
    )}</tbody>
  </table></div>
  ${long && trusted("</details>")}`;
}

/** Short cells never wrap, and long ones are wide enough to read. */
const lengthClass = (cell: string): string => (cell.length > 40 ? "long" : cell.length <= 16 ? "short" : "");

/** The first texts of a cell (stories shown to readers first); the others are collapsed. */
function idsCell(all: readonly string[], context: TableContext): Html {
  const { links } = context;
  const ids = [...all.filter((id) => links.has(id)), ...all.filter((id) => !links.has(id))];
  const list = (some: readonly string[]) =>
    html`${some.map((id, at) => html`${at > 0 && "; "}<span class="id">${textName(id, context)}</span>`)}`;
  const rest = ids.slice(shownIds);
  if (rest.length === 0) return list(ids);
  return html`${list(ids.slice(0, shownIds))}<details><summary>and ${printed(rest.length, "integer")} more</summary>${list(rest)}</details>`;
}

const shownIds = 2;

/** A text by its title and writer, with a link if the report has it. */
function textName(id: string, { links, names }: TableContext): Html {
  const known = names.texts.get(id);
  const name = known ? html`${known.title} <span class="by">(${known.by})</span>` : html`${id}`;
  const place = links.get(id);
  return place === undefined ? name : html`<a href="#story-${place}">${name}</a>`;
}

/** Highlights words between » and «; neighbouring words share one highlight. */
const highlighted = (text: string): Html[] =>
  text
    .replace(/«(\s+)»/g, "$1")
    .split(/[»«]/)
    .map((part, at) => (at % 2 === 1 ? html`<mark>${part}</mark>` : html`${part}`));

/** Longer tables are collapsed. */
const maxOpenRows = 25;
