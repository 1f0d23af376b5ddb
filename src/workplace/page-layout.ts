import { head } from "../survey/page.ts";
import { type Html, html } from "../text/html.ts";
import type { StudyError } from "../workbench/errors.ts";

/** The layout of the researcher's pages, which are in English. */

export interface Layout {
  /** The title of the study. */
  readonly study: string;
  /** The addresses of style and script. */
  readonly style: string;
  readonly script: string;
}

export interface Navigation {
  /** The pages of the workplace, as links. */
  readonly links: readonly { readonly path: string; readonly title: string }[];
  /** The CSRF token of the form that logs out. */
  readonly seal: string;
}

export const researcherPage = (
  layout: Layout,
  { links, seal }: Navigation,
  heading: string,
  body: Html,
): string =>
  html`${head({ ...layout, language: "en", title: `${heading} · ${layout.study}` })}
<body>
<a class="skip" href="#text">Skip to the text</a>
<main id="text" class="wide">
<nav class="places" aria-label="Pages of the study">${links.map(({ path, title }) => html`<a href="${path}"${title === heading && html` aria-current="page"`}>${title}</a>`)}
<form method="post" action="/study/logout"><input type="hidden" name="seal" value="${seal}"><button class="plain">Log out</button></form></nav>
<h1>${heading}</h1>
${body}
</main>
</body>
</html>
`.toString();

export const loginPage = ({ study, style }: Layout, alert: string): string =>
  html`${head({ language: "en", title: `Dashboard · ${study}`, style })}
<body>
<main id="text">
<h1>Dashboard</h1>
${alert && html`<p class="alert" role="alert">${alert}</p>`}
<form method="post" action="/study/login">
<label class="reason">The token that <code>tinylove serve</code> printed when it started
<input type="password" name="token" autocomplete="current-password" required></label>
<button>Log in</button>
</form>
</main>
</body>
</html>
`.toString();

/** An error and its hint on one line. */
export const errorLine = ({ message, hint }: StudyError): string =>
  [message, hint].filter(Boolean).join("; ");

export const storyCard = (title: string, details: string, body: Html): Html =>
  html`<article class="card"><h2>${title}</h2><p class="soft">${details}</p><p class="text">${body}</p></article>`;

export const sideBySide = (
  title: string,
  details: string,
  columns: readonly (readonly [string, Html])[],
): Html => html`
<article class="card"><h2>${title}</h2><p class="soft">${details}</p>
<div class="pair">${columns.map(([name, body]) => html`<section><h3>${name}</h3><p class="text">${body}</p></section>`)}</div></article>`;

export const table = (
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly (string | number | Html)[])[],
): Html => html`
<table><caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table>`;
