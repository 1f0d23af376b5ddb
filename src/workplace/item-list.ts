import type { FastifyRequest } from "fastify";
import type { Story } from "../study/story.ts";
import { type Html, html } from "../text/html.ts";
import { readStories, storiesFile } from "../workbench/artefacts.ts";
import { exists } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";

/** A long list of texts: those that match the search of the request, a page of `size` items at a time. */
export function itemList<Item extends { readonly title: string; readonly text: string }>(
  request: FastifyRequest,
  address: string,
  items: readonly Item[],
  size: number,
  show: (item: Item) => Html,
): Html {
  const { search, page } = queryOf(request);
  const found = items.filter(({ title, text }) =>
    `${title}\n${text}`.toLowerCase().includes(search.toLowerCase()),
  );
  const pages = Math.max(1, Math.ceil(found.length / size));
  const current = Math.min(page, pages);
  return html`
${searchForm(address, search)}
<p class="soft">${found.length} ${found.length === 1 ? "entry" : "entries"}</p>
${found.slice((current - 1) * size, current * size).map(show)}
${pager(address, current, pages, search)}`;
}

function queryOf(request: FastifyRequest): { search: string; page: number } {
  const { search, page } = request.query as Record<string, unknown>;
  return {
    search: typeof search === "string" ? search.slice(0, 100) : "",
    page: typeof page === "string" && /^[1-9]\d{0,5}$/.test(page) ? Number(page) : 1,
  };
}

const searchForm = (address: string, search: string): Html => html`
<form action="${address}" class="line" role="search">
<label>Search <input type="text" name="search" value="${search}" maxlength="100"></label><button class="plain">Find</button>
</form>`;

/** Links to the previous and the next page of the list. */
function pager(address: string, page: number, pages: number, search: string): Html {
  const at = (number: number) =>
    `${address}?${new URLSearchParams({ page: String(number), ...(search && { search }) })}`;
  return html`<nav class="pager" aria-label="Pages of this list">
${page > 1 && html`<a href="${at(page - 1)}" rel="prev">Previous</a>`}
<span>${page} of ${pages}</span>
${page < pages && html`<a href="${at(page + 1)}" rel="next">Next</a>`}
</nav>`;
}

/** The stories of the corpus; none if there is no corpus yet. */
export const corpusOf = async (study: Study): Promise<Story[]> =>
  (await exists(study.path(storiesFile))) ? readStories(study) : [];
