import { head } from "../survey/page.ts";
import { type Html, html, trusted } from "../text/html.ts";
import type { StudyError } from "../workbench/errors.ts";
import { asset } from "./assets.ts";

/** The layout of the researcher's pages, which are in English. */

export const assets = {
  style: asset("src/survey/client/style.css", "text/css; charset=utf-8"),
  own: asset("src/workplace/client/workplace.css", "text/css; charset=utf-8"),
  script: asset("src/workplace/client/workplace.js", "text/javascript; charset=utf-8"),
};

interface Page {
  readonly heading: string;
  readonly quiet?: boolean | undefined;
  readonly body: Html;
  /** The title of the study. */
  readonly study: string;
  /** The pages of the workplace. */
  readonly links: readonly { readonly path: string; readonly title: string }[];
  /** The address of the page. */
  readonly current: string;
  /** The CSRF token of the form that logs out. */
  readonly seal: string;
}

export const workplacePage = ({ heading, quiet, body, study, links, current, seal }: Page): string =>
  html`${start(`${heading} · ${study}`)}
<body class="workplace">
<a class="skip" href="#text">Skip to the text</a>
<header>
<p class="study">${study}</p>
<nav aria-label="Pages of the study">${links.map(
    ({ path, title }) =>
      html`<a href="${path}"${isCurrent(path, current) && html` aria-current="page"`}>${title}</a>`,
  )}</nav>
<form method="post" action="/logout">${sealField(seal)}<button class="small">Log out</button></form>
</header>
<main id="text">
<h1${quiet && html` class="heard"`}>${heading}</h1>
${body}
</main>
</body>
</html>
`.toString();

const isCurrent = (path: string, current: string): boolean =>
  path === "/" ? current === "/" : current === path || current.startsWith(`${path}/`);

/** The page on which a researcher logs in. Its script takes the token from the part of the address after `#`. */
export const loginPage = (alert: string): string =>
  html`${start("Log in · Tiny Love")}
<body class="workplace">
<main id="text" class="narrow">
<h1>Tiny Love</h1>
${alert && html`<p class="alert" role="alert">${alert}</p>`}
<form method="post" action="/login" data-login>
<label>The token that <code>tinylove open</code> printed when it started
<input type="password" name="token" autocomplete="current-password" required></label>
<button>Log in</button>
</form>
</main>
</body>
</html>
`.toString();

/** The start of every page, with the style of the survey and the workplace's own. */
const start = (title: string): Html => {
  const start = head({
    language: "en",
    title,
    style: assets.style.address,
    script: assets.script.address,
  }).toString();
  return trusted(start.replace("<script", `<link rel="stylesheet" href="${assets.own.address}">\n<script`));
};

export const sealField = (seal: string): Html => html`<input type="hidden" name="seal" value="${seal}">`;

/** A form of one button. */
export const buttonForm = (
  seal: string,
  action: string,
  label: string,
  {
    fields = {},
    plain = false,
    disabled = false,
  }: {
    readonly fields?: Readonly<Record<string, string>>;
    readonly plain?: boolean;
    readonly disabled?: boolean;
  } = {},
): Html =>
  html`<form method="post" action="${action}" class="button-form">${sealField(seal)}${Object.entries(
    fields,
  ).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )}<button${plain && html` class="small"`}${disabled && html` disabled`}>${label}</button></form>`;

/** An error and its hint on one line. */
export const errorLine = ({ message, hint }: StudyError): string =>
  [message, hint].filter(Boolean).join("; ");

/** A table; a wide one scrolls inside its own box. */
export const table = (
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly (string | number | Html)[])[],
): Html => html`
<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table></div>`;
