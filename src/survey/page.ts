import type { Stimulus } from "../study/stimulus.ts";
import { type Html, html, trusted } from "../text/html.ts";
import type { Phrases } from "./languages.ts";

/** What every page needs: the language and its phrases, the addresses of style and script, and the study's own texts. */
export interface PageContext {
  readonly language: string;
  readonly words: Phrases;
  readonly style: string;
  readonly script: string;
  /** The prefix of the addresses: empty for participants, the address of the rehearsal otherwise. */
  readonly base: string;
  /** A notice above every page. */
  readonly banner?: string | undefined;
  readonly survey: {
    readonly title: string;
    readonly consent: string;
    readonly instructions: string;
    readonly contact: string;
    readonly ethics: string;
    readonly debrief: string;
    readonly back: boolean;
    readonly recruiting?: { readonly service: "prolific" | "mturk" } | undefined;
    readonly invited: boolean;
    readonly example?: { readonly title: string; readonly text: string; readonly note: string } | undefined;
  };
}

interface Page {
  readonly title: string;
  readonly body: Html;
  readonly wide?: boolean;
}

interface Head {
  readonly language: string;
  readonly title: string;
  readonly style: string;
  readonly script?: string;
}

/** The start of every page, up to its body. */
export const head = ({ language, title, style, script }: Head): Html =>
  html`${trusted("<!doctype html>")}
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${style}">
${
  script &&
  html`<script src="${script}" type="module"></script>
`
}</head>`;

/** A whole page. It loads nothing from other servers and reads the same without its script. */
export const page = (pageContext: PageContext, { title, body, wide }: Page): string =>
  html`${head({ ...pageContext, title: `${title} · ${pageContext.survey.title}` })}
<body>
<a class="skip" href="#text">${pageContext.words("skip")}</a>
<main id="text"${wide ? html` class="wide"` : ""}>
${pageContext.banner && html`<p class="alert">${pageContext.banner}</p>`}
${body}
</main>
</body>
</html>
`.toString();

/** Hidden fields that a form passes on. */
export const hidden = (fields: Readonly<Record<string, string>>): Html =>
  html`${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`;

export const alertBox = (text: string): Html => html`<p class="alert" role="alert">${text}</p>`;

/** A story; `told` is what is said about its author, if a condition says something. */
export const story = ({ title, text }: Pick<Stimulus, "title" | "text">, told?: string): Html =>
  html`<article class="story"><h2>${title}</h2>${told !== undefined && html`<p class="told">${told}</p>`}${paragraphs(text)}</article>`;

/** Plain text as paragraphs, one for each line. */
export const paragraphs = (text: string): Html =>
  html`${text
    .split(/\n+/)
    .filter((line) => line.trim() !== "")
    .map((line) => html`<p>${line}</p>`)}`;
