import type { Table } from "../study/finding.ts";
import { idsIn, printed, shownTable } from "../study/print.ts";
import { type Html, html, trusted } from "../text/html.ts";
import type { StoryLinks } from "./stories.ts";

/**
 * A table that scrolls sideways if it is wider than the page. Stimulus ids and text ids link to their story, if the report
 * has it.
 */
export function tableBlock(id: string, caption: string, table: Table, links: StoryLinks): Html {
  const { columns, rows } = shownTable(table);
  // The first column names the row, so it is left-aligned even if it is a number.
  const alignment = (number: boolean, at: number) => (number && at > 0 ? "n" : "");
  const long = rows.length > maxOpenRows;
  return html`
  ${caption && html`<p class="caption" id="${id}-caption">${caption}.</p>`}
  ${long && trusted(`<details class="rows"><summary>Show all ${rows.length} rows</summary>`)}
  <div class="table" role="group" tabindex="0" aria-label="${caption || "The numbers of the figure"}">
  <table id="${id}"${caption && html` aria-labelledby="${id}-caption"`}>
    <thead><tr>${columns.map(({ label, number }, at) => html`<th scope="col" class="${alignment(number, at)}">${label}</th>`)}</tr></thead>
    <tbody>${rows.map(
      (row, place) =>
        html`<tr>${columns.map(({ key, label, number, marked, ids }, at) => {
          const cell = row[at]!;
          const content = ids
            ? idsCell(idsIn(table.rows[place]![key]), links)
            : key === "stimulus"
              ? storyLink(cell, links)
              : marked
                ? html`${highlighted(cell)}`
                : cell;
          return at === 0
            ? html`<th scope="row" class="${cell.length <= 24 && "short"}">${content}</th>`
            : marked
              ? html`<td class="prose" data-label="${label}">${content}</td>`
              : html`<td class="${ids ? "ids" : alignment(number, at)}">${content}</td>`;
        })}</tr>`,
    )}</tbody>
  </table></div>
  ${long && trusted("</details>")}`;
}

/** The first ids of a cell (stories shown to readers first); the others are collapsed. */
function idsCell(all: readonly string[], links: StoryLinks): Html {
  const ids = [...all.filter((id) => links.has(id)), ...all.filter((id) => !links.has(id))];
  const list = (some: readonly string[]) =>
    html`${some.map((id) => html`<span class="id">${storyLink(id, links)}</span> `)}`;
  const rest = ids.slice(shownIds);
  if (rest.length === 0) return list(ids);
  return html`${list(ids.slice(0, shownIds))}<details><summary>and ${printed(rest.length, "integer")} more</summary>${list(rest)}</details>`;
}

const shownIds = 3;

const storyLink = (id: string, links: StoryLinks): Html => {
  const place = links.get(id);
  return place === undefined ? html`${id}` : html`<a href="#story-${place}">${id}</a>`;
};

/** Highlights words between » and «; neighbouring words share one highlight. */
const highlighted = (text: string): Html[] =>
  text
    .replace(/«(\s+)»/g, "$1")
    .split(/[»«]/)
    .map((part, at) => (at % 2 === 1 ? html`<mark>${part}</mark>` : html`${part}`));

/** Longer tables are collapsed on screen and expanded in print. */
const maxOpenRows = 25;
