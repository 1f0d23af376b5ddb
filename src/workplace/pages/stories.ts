import type { FastifyReply, FastifyRequest } from "fastify";
import type { Generation } from "../../study/generation.ts";
import { counted } from "../../study/print.ts";
import type { Stimulus } from "../../study/stimulus.ts";
import { sendPage } from "../../survey/survey-context.ts";
import { type Html, html } from "../../text/html.ts";
import { marked } from "../../text/shared-words.ts";
import { isWord } from "../../text/words.ts";
import {
  filtered,
  human,
  type IndexedText,
  type IndexedTitle,
  kindOfFault,
  readGeneration,
  type TextFilter,
  type TextIndex,
  TextIndexes,
} from "../text-index.ts";
import { field, notFound, type Workplace, type WorkplacePage } from "../workplace.ts";

const indexes = new TextIndexes();

/** All titles with the person's story and what each condition wrote, filtered and searched. */
export const storiesPage: WorkplacePage = {
  path: "/stories",
  title: "Stories",
  async body(request, workplace) {
    const index = await indexes.of(await workplace.study());
    if (index.titles.length === 0)
      return html`<p>There are no stories yet. <a href="/">Run collect</a> first.</p>`;
    const filter = filterOf(request);
    return html`${filterForm(index, filter, field(request, "search"))}
<div id="matrix" aria-live="polite">${matrix(index, request)}</div>`;
  },
  actions: [
    {
      method: "GET",
      path: "/stories/matrix",
      handle: async (request, reply, workplace) =>
        sendPage(reply, 200, matrix(await indexes.of(await workplace.study()), request).toString()),
    },
    { method: "GET", path: "/stories/:story", handle: titlePage },
  ],
};

const rowsOnPage = 20;

function filterOf(request: FastifyRequest): TextFilter {
  const text = (name: string) => field(request, name).slice(0, 200);
  const number = (name: string, otherwise: number) =>
    /^\d{1,5}$/.test(text(name)) ? Number(text(name)) : otherwise;
  return {
    search: text("search").toLowerCase(),
    split: text("split"),
    model: text("model"),
    prompt: text("prompt"),
    outcome: text("outcome"),
    fault: text("fault"),
    tone: text("tone"),
    least: number("least", 0),
    most: number("most", Number.MAX_SAFE_INTEGER),
  };
}

/** The values of the filters, once for each index: they do not change with the filter. */
const choices = new WeakMap<
  TextIndex,
  Readonly<Record<"model" | "prompt" | "outcome" | "fault" | "tone", readonly string[]>>
>();

function choicesOf(index: TextIndex) {
  const known = choices.get(index);
  if (known) return known;
  const texts = index.titles.flatMap((title) => title.texts);
  const distinct = (values: readonly string[]) => [...new Set(values)].filter(Boolean).slice(0, 60);
  const all = {
    model: distinct(texts.map(({ model }) => model)),
    prompt: distinct(texts.map(({ prompt }) => prompt)),
    outcome: distinct(texts.map(({ outcome }) => outcome)),
    fault: distinct(texts.map(({ fault }) => kindOfFault(fault))).sort(),
    tone: distinct(texts.map(({ tone }) => tone)).sort(),
  };
  choices.set(index, all);
  return all;
}

function filterForm(index: TextIndex, filter: TextFilter, search: string): Html {
  const all = choicesOf(index);
  const select = (name: keyof typeof all, label: string, more: readonly (readonly [string, string])[] = []) =>
    all[name].length > (more.length > 0 ? 0 : 1) &&
    html`<label>${label}<select name="${name}"><option value="">any</option>${[
      ...more,
      ...all[name].map((value) => [value, value] as const),
    ].map(
      ([value, shown]) =>
        html`<option value="${value}"${value === filter[name] && html` selected`}>${shown}</option>`,
    )}</select></label>`;
  const splits = [
    ["", "with machine texts"],
    ["all", "all"],
    ...[...new Set(index.titles.map(({ split }) => split))].map((split) => [split, split]),
  ];
  return html`<form class="filters" action="/stories" data-filter="matrix" data-part="/stories/matrix" role="search">
<label class="wide-field">Search<input type="search" name="search" value="${search}" maxlength="200"></label>
${select("model", "Model")}${select("prompt", "Prompt")}${select("outcome", "Outcome")}
${select("fault", "Fault", [
  ["any", "any fault"],
  ["none", "no fault"],
])}${select("tone", "Tone")}
<label>Stories<select name="split">${splits.map(([value, shown]) => html`<option value="${value}"${value === filter.split && html` selected`}>${shown}</option>`)}</select></label>
<label>Words from<input type="number" name="least" min="0" max="99999" value="${filter.least || ""}"></label>
<label>to<input type="number" name="most" min="0" max="99999" value="${filter.most > 99999 ? "" : filter.most}"></label>
<noscript><button class="small">Filter</button></noscript>
</form>`;
}

/** A page of the matrix: a row for each title, a column for the people's stories and for each condition. */
function matrix(index: TextIndex, request: FastifyRequest): Html {
  const filter = filterOf(request);
  const found = filtered(index, filter);
  const pages = Math.max(1, Math.ceil(found.length / rowsOnPage));
  const asked = field(request, "page");
  const page = Math.min(pages, /^[1-9]\d{0,5}$/.test(asked) ? Number(asked) : 1);
  const columns = [human, ...index.conditions];
  const rows = found.slice((page - 1) * rowsOnPage, page * rowsOnPage);
  const search = field(request, "search").slice(0, 200);
  return html`<p class="soft" role="status">${counted(found.length, "title")}, ${counted(
    found.reduce((sum, { fitting }) => sum + fitting.size, 0),
    "text",
  )}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Titles and conditions">
<table class="matrix" data-columns="${columns.length}"><thead><tr><th scope="col">title</th>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map(
    ({
      title,
      fitting,
    }) => html`<tr><th scope="row"><a href="/stories/${encodeURIComponent(title.story)}${search && `?${new URLSearchParams({ search })}`}">${hits(title.title, search)}</a></th>
${columns.map((column) => cell(title, column, fitting, search))}</tr>`,
  )}</tbody></table></div>
${pager(request, page, pages)}`;
}

function cell(
  { texts }: IndexedTitle,
  condition: string,
  fitting: ReadonlySet<IndexedText>,
  search: string,
): Html {
  const own = texts.filter((text) => text.condition === condition);
  // The version that counts, unless only another attempt fits.
  const shown = own.find((text) => fitting.has(text)) ?? own[0];
  if (!shown) return html`<td class="none" data-condition="${condition}">–</td>`;
  const other = !fitting.has(shown);
  return html`<td data-condition="${condition}"${other && html` class="other"`}><span class="facts">${shown.words} words${
    own.length > 1 && ` · attempt ${shown.attempt} of ${own.length}${shown === own[0] ? "" : ", not used"}`
  }${shown.tone && ` · ${shown.tone}`}</span> ${chips(shown)}<p class="excerpt">${excerpt(shown.text, search)}</p></td>`;
}

const chips = ({ outcome, fault }: Pick<IndexedText, "outcome" | "fault">): Html =>
  html`${
    outcome !== "text" && html`<span class="chip bad">${outcome}</span> `
  }${fault && html`<span class="chip warn">${fault}</span>`}`;

const excerptLength = 170;

/** The start of a text, or the part around the first hit. */
function excerpt(text: string, search: string): Html {
  const at = search === "" ? -1 : text.toLowerCase().indexOf(search.toLowerCase());
  const start = at < 80 ? 0 : text.indexOf(" ", at - 60) + 1;
  const part = text.slice(start, start + excerptLength);
  return html`${start > 0 && "… "}${hits(part, search)}${start + excerptLength < text.length && " …"}`;
}

/** A text with the places marked where the search was found. */
function hits(text: string, search: string): Html {
  if (search === "") return html`${text}`;
  const lower = text.toLowerCase();
  // A letter whose small form has another length would move the places.
  if (lower.length !== text.length) return html`${text}`;
  const parts: Html[] = [];
  let from = 0;
  for (
    let at = lower.indexOf(search.toLowerCase());
    at >= 0;
    at = lower.indexOf(search.toLowerCase(), from)
  ) {
    parts.push(html`${text.slice(from, at)}<mark class="hit">${text.slice(at, at + search.length)}</mark>`);
    from = at + search.length;
  }
  return html`${parts}${text.slice(from)}`;
}

function pager(request: FastifyRequest, page: number, pages: number): Html {
  if (pages === 1) return html``;
  const query = Object.entries((request.query ?? {}) as Record<string, unknown>).filter(
    (entry): entry is [string, string] =>
      typeof entry[1] === "string" && entry[1] !== "" && entry[0] !== "page" && entry[0] !== "part",
  );
  const at = (number: number) =>
    `/stories?${new URLSearchParams([...query, ["page", String(number)]]).toString()}`;
  return html`<nav class="pager" aria-label="Pages of this list">
${page > 1 && html`<a href="${at(page - 1)}" rel="prev">Previous</a>`}
<span>${page} of ${pages}</span>
${page < pages && html`<a href="${at(page + 1)}" rel="next">Next</a>`}
</nav>`;
}

/** All versions of one title next to each other, with every attempt and its prompt. */
async function titlePage(
  request: FastifyRequest,
  reply: FastifyReply,
  workplace: Workplace,
): Promise<FastifyReply> {
  const { story } = request.params as { story: string };
  const index = await indexes.of(await workplace.study());
  const at = index.titles.findIndex((title) => title.story === story);
  const title = index.titles[at];
  if (!title) return notFound(reply);
  const search = field(request, "search").slice(0, 200);
  const withExample = field(request, "with") === "example";
  const columns = [human, ...index.conditions].flatMap((condition) => {
    const attempts = title.texts.filter((text) => text.condition === condition);
    return attempts.length > 0 ? [attempts] : [];
  });
  const neighbours = neighbouring(index, at);
  const body = html`<p class="row"><a href="/stories">All stories</a>
${neighbours.before && html`<a href="/stories/${encodeURIComponent(neighbours.before)}" rel="prev">Previous title</a>`}
${neighbours.after && html`<a href="/stories/${encodeURIComponent(neighbours.after)}" rel="next">Next title</a>`}</p>
<p class="soft">Marked are ${search ? html`the places with “${search}”` : html`words shared with ${withExample ? "the example that the model was shown" : "the person’s story"}; underlined are runs of three or more. <a href="?${withExample ? "" : "with=example"}">Compare with ${withExample ? "the person’s story" : "the example"}</a>`}. Crossed out is what readers do not see.</p>
<div class="versions">${await Promise.all(columns.map((attempts) => version(attempts, { title, index, search, withExample })))}</div>`;
  return workplace.show(request, reply, { heading: title.title, body });
}

function neighbouring({ titles }: TextIndex, at: number): { before?: string; after?: string } {
  const machine = titles[at]!.texts.length > 1;
  const alike = ({ texts }: IndexedTitle) => texts.length > 1 === machine;
  const before = titles.slice(0, at).findLast(alike);
  const after = titles.slice(at + 1).find(alike);
  return { ...(before && { before: before.story }), ...(after && { after: after.story }) };
}

interface View {
  readonly title: IndexedTitle;
  readonly index: TextIndex;
  readonly search: string;
  readonly withExample: boolean;
}

async function version(attempts: readonly IndexedText[], view: View): Promise<Html> {
  const [shown, ...others] = attempts;
  const { condition } = shown!;
  const author = condition === human ? view.index.authors.get(shown!.id) : undefined;
  return html`<article class="version"><h2>${author ?? condition}</h2>
${await attempt(shown!, view)}
${
  others.length > 0 &&
  html`<details><summary>${counted(others.length, "other attempt")}</summary>
${await Promise.all(others.map(async (other) => html`<div class="attempt">${await attempt(other, view)}</div>`))}</details>`
}</article>`;
}

async function attempt(text: IndexedText, view: View): Promise<Html> {
  const stimulus = view.index.stimuli.get(text.id);
  const record = await readGeneration(text);
  return html`<p class="facts">${text.words} words${record && ` · attempt ${text.attempt}`}${
    stimulus && ` · in the survey${stimulus.cut > 0 ? `, cut to ${stimulus.words} words` : ""}`
  }${text.tone && ` · ${text.tone}`} ${chips(text)}</p>
<div class="text">${shownText(text, stimulus, view)}</div>
${record && recordOf(record)}`;
}

/** A text with shared words or hits marked, and the clip in place. */
function shownText(text: IndexedText, stimulus: Stimulus | undefined, view: View): Html {
  const mark = (part: string) => {
    if (view.search !== "") return hits(part, view.search);
    const other = comparedWith(text, view);
    return other === undefined ? html`${part}` : marked(part, other);
  };
  const end = stimulus && stimulus.cut > 0 ? endOfWords(text.text, stimulus.words) : text.text.length;
  const rest = text.text.slice(end);
  return html`${mark(text.text.slice(0, end))}${rest && html`<span class="clip" title="Readers see the text up to here">▕</span><del class="cut">${mark(rest)}</del>`}`;
}

function comparedWith(text: IndexedText, { title, index, withExample }: View): string | undefined {
  if (text.condition === human) return undefined;
  if (!withExample) return title.texts[0]?.text;
  return index.titles.find(({ story }) => story === text.example)?.texts[0]?.text;
}

/** Where the first `count` words of a text end, by the rule of the clip. */
function endOfWords(text: string, count: number): number {
  let words = 0;
  let start = 0;
  for (const token of text.split(/\s/)) {
    start += token.length;
    if (isWord(token) && ++words === count) return start;
    start += 1;
  }
  return text.length;
}

/** Everything that determined a generation. */
function recordOf(record: Generation): Html {
  const { prompt, model, seed, tokens, settings, raw, thinking, removed, reason, ms, at } = record;
  const facts: readonly (readonly [string, string])[] = [
    ["model", model.address],
    ["seed", String(seed)],
    ["tokens", `${tokens.generated} written, ${tokens.prompt} in the prompt`],
    ["time", `${(ms / 1000).toFixed(1)} s, ${at}`],
    [
      "sampling",
      Object.entries(settings)
        .map(([name, value]) => `${name} ${value}`)
        .join(", "),
    ],
    ...(reason ? [["fault", reason] as const] : []),
  ];
  return html`<details><summary>Prompt and settings</summary>
<dl class="facts">${facts.map(([name, value]) => html`<dt><b>${name}</b></dt><dd>${value}</dd>`)}</dl>
<h3>Prompt (${prompt.template})</h3><pre tabindex="0">${prompt.rendered ?? prompt.text}</pre>
${thinking && html`<h3>Thinking</h3><pre tabindex="0">${thinking}</pre>`}
${(removed !== undefined || raw !== record.text) && html`<h3>Everything that the model wrote</h3><pre tabindex="0">${raw}</pre>`}
</details>`;
}
