import type { Table } from "../study/finding.ts";
import { idsIn, printed, shownTable } from "../study/print.ts";
import { type Html, html, trusted } from "../text/html.ts";
import type { Places } from "./stories.ts";

/**
 * A table that scrolls sideways where it is wider than the page. A cell of a column `stimulus`, and every id of a cell of
 * ids, leads to its story where the report holds it.
 */
export function tableBlock(id: string, caption: string, table: Table, places: Places): Html {
  const { columns, rows } = shownTable(table);
  // The first column names the row, so it stands to the left even where it is a number.
  const side = (number: boolean, at: number) => (number && at > 0 ? "n" : "");
  const long = rows.length > longest;
  return html`
  ${caption && html`<p class="caption" id="${id}-caption">${caption}.</p>`}
  ${long && trusted(`<details class="rows"><summary>${rows.length} rows of numbers</summary>`)}
  <div class="table" role="group" tabindex="0" aria-label="${caption || "The numbers of the figure"}">
  <table id="${id}"${caption && html` aria-labelledby="${id}-caption"`}>
    <thead><tr>${columns.map(({ label, number }, at) => html`<th scope="col" class="${side(number, at)}">${label}</th>`)}</tr></thead>
    <tbody>${rows.map(
      (row, place) =>
        html`<tr>${columns.map(({ key, label, number, marked, ids }, at) => {
          const cell = row[at]!;
          const content = ids
            ? idsCell(idsIn(table.rows[place]![key]), places)
            : key === "stimulus"
              ? linked(cell, places)
              : marked
                ? html`${markedWords(cell)}`
                : cell;
          return at === 0
            ? html`<th scope="row" class="${cell.length <= 24 && "short"}">${content}</th>`
            : marked
              ? html`<td class="prose" data-label="${label}">${content}</td>`
              : html`<td class="${ids ? "ids" : side(number, at)}">${content}</td>`;
        })}</tr>`,
    )}</tbody>
  </table></div>
  ${long && trusted("</details>")}`;
}

/** The first ids of a cell, those of stories that readers saw before others, and the rest folded up behind their number. */
function idsCell(all: readonly string[], places: Places): Html {
  const ids = [...all.filter((id) => places.has(id)), ...all.filter((id) => !places.has(id))];
  const list = (some: readonly string[]) =>
    html`${some.map((id) => html`<span class="id">${linked(id, places)}</span> `)}`;
  const rest = ids.slice(seen);
  if (rest.length === 0) return list(ids);
  return html`${list(ids.slice(0, seen))}<details><summary>and ${printed(rest.length, "integer")} more</summary>${list(rest)}</details>`;
}

const seen = 3;

const linked = (id: string, places: Places): Html => {
  const place = places.get(id);
  return place === undefined ? html`${id}` : html`<a href="#story-${place}">${id}</a>`;
};

/** What stands between » and « is marked; neighbours are one mark, so that a run of words is seen as one. */
const markedWords = (text: string): Html[] =>
  text
    .replace(/«(\s+)»/g, "$1")
    .split(/[»«]/)
    .map((part, at) => (at % 2 === 1 ? html`<mark>${part}</mark>` : html`${part}`));

/** A longer table is folded up on the screen, and unfolded on paper. */
const longest = 25;
