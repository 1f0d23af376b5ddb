import { head } from "../survey/page.ts";
import type { AccuracySoFar, ProgressSummary } from "../survey/progress-summary.ts";
import { type Html, html } from "../text/html.ts";
import { duration } from "../workbench/progress.ts";

/** The researcher's pages are in English, and none of them is reached without the dashboard's token. */

export interface ResearcherContext {
  readonly study: string;
  readonly style: string;
  readonly script: string;
  readonly seal: string;
}

const places = [
  ["/study", "Survey"],
  ["/study/corpus", "Corpus"],
  ["/study/generations", "Generations"],
  ["/study/stimuli", "Stimuli"],
  ["/study/forms", "Forms"],
] as const;

export const researcherPage = (pageContext: ResearcherContext, heading: string, body: Html): string =>
  html`${head({ ...pageContext, language: "en", title: `${heading} · ${pageContext.study}` })}
<body>
<a class="skip" href="#text">Skip to the text</a>
<main id="text" class="wide">
<nav class="places" aria-label="Pages of the study">${places.map(([address, name]) => html`<a href="${address}"${name === heading && html` aria-current="page"`}>${name}</a>`)}
<form method="post" action="/study/logout"><input type="hidden" name="seal" value="${pageContext.seal}"><button class="plain">Log out</button></form></nav>
<h1>${heading}</h1>
${body}
</main>
</body>
</html>
`.toString();

export const loginPage = (pageContext: ResearcherContext, alert: string): string =>
  html`${head({ language: "en", title: `Dashboard · ${pageContext.study}`, style: pageContext.style })}
<body>
<main id="text">
<h1>Dashboard</h1>
${alert && html`<p class="alert" role="alert">${alert}</p>`}
<form method="post" action="/study/login">
<label class="reason">The token that <code>tinylove serve</code> printed when it started
<input type="password" name="token" autocomplete="current-password" required></label>
<button>Open</button>
</form>
</main>
</body>
</html>
`.toString();

/** The figures that the dashboard keeps up to date. */
export function progressFigures(overview: ProgressSummary): Html {
  const { visits, consented, answering, completed, droppedOut, withdrawn, medianTime } = overview;
  const counts: readonly (readonly [string, string | number])[] = [
    ["opened", visits],
    ["consented", consented],
    ["answering now", answering],
    ["completed", completed],
    ["left before the end", droppedOut],
    ["withdrawn", withdrawn],
    ["median time", medianTime === undefined ? "–" : duration(medianTime)],
  ];
  return html`
<dl class="counts">${counts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${table(
  "Balance of the forms",
  ["form", "completed", "answering"],
  overview.forms.map(({ form, completed, answering }) => [form, completed, answering]),
)}
${
  overview.dropOut.length > 0 &&
  table(
    "Where people left",
    ["after answers", "participants"],
    overview.dropOut.map(({ answers, participants }) => [answers, participants]),
  )
}`;
}

export const dashboardPage = (
  pageContext: ResearcherContext,
  overview: ProgressSummary,
  looks: readonly string[],
): string =>
  researcherPage(
    pageContext,
    "Survey",
    html`
<div data-live="/study/numbers">${progressFigures(overview)}</div>
<section class="aside">
<h2>Accuracy</h2>
<p>How often readers are right is not shown before the end of the study, for who sees it may stop at a convenient
moment. You can look; that you did is written to <code>judgments/looks.csv</code>${
      looks.length > 0 && html` (so far ${looks.length}, last ${looks.at(-1)})`
    }.</p>
<form method="post" action="/study/accuracy"><input type="hidden" name="seal" value="${pageContext.seal}"><button class="plain">Look, and write it down</button></form>
</section>
<section class="aside">
<h2>Personal links</h2>
<p>Each lets one person take part once. With <code>invited: true</code> in study.yaml nobody else can.</p>
<form method="post" action="/study/invitations" class="line"><input type="hidden" name="seal" value="${pageContext.seal}">
<label>How many <input type="number" name="count" min="1" max="10000" value="20" required></label><button class="plain">Download as CSV</button></form>
</section>
<section class="aside">
<h2>Coding by reading</h2>
<p>Two people at least code kind of love, tone and pageContext, apart from each other and without being told who wrote:
<a href="/study/coding">make a link for each of them</a>. Who codes should not have looked at corpus, generations and
stimuli here.</p>
</section>`,
  );

export const accuracyPage = (pageContext: ResearcherContext, accuracy: readonly AccuracySoFar[]): string =>
  researcherPage(
    pageContext,
    "Accuracy so far",
    html`<p>This look has been written down.</p>
${table(
  "Right answers",
  ["of", "right", "answers", "share"],
  accuracy
    .filter(({ count }) => count > 0)
    .map(({ origin, right, count }) => [
      { human: "human stories", machine: "machine stories", pair: "pairs" }[origin],
      right,
      count,
      `${((100 * right) / count).toFixed(1)} %`,
    ]),
)}`,
  );

/** Pages of a long list, with ways to the ones before and after. */
export function pager(address: string, page: number, pages: number, search = ""): Html {
  const at = (number: number) =>
    `${address}?${new URLSearchParams({ page: String(number), ...(search && { search }) })}`;
  return html`<nav class="pager" aria-label="Pages of this list">
${page > 1 && html`<a href="${at(page - 1)}" rel="prev">Before</a>`}
<span>${page} of ${pages}</span>
${page < pages && html`<a href="${at(page + 1)}" rel="next">After</a>`}
</nav>`;
}

export const searchForm = (address: string, search: string): Html => html`
<form action="${address}" class="line" role="search">
<label>Search <input type="text" name="search" value="${search}" maxlength="100"></label><button class="plain">Find</button>
</form>`;

export const storyCard = (title: string, facts: string, body: Html): Html =>
  html`<article class="card"><h2>${title}</h2><p class="soft">${facts}</p><p class="text">${body}</p></article>`;

export const sideBySide = (
  title: string,
  facts: string,
  columns: readonly (readonly [string, Html])[],
): Html => html`
<article class="card"><h2>${title}</h2><p class="soft">${facts}</p>
<div class="pair">${columns.map(([name, body]) => html`<section><h3>${name}</h3><p class="text">${body}</p></section>`)}</div></article>`;

export const table = (
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly (string | number | Html)[])[],
): Html => html`
<table><caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table>`;
