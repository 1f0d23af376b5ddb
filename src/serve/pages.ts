import type { Field } from "../study/settings/survey.ts";
import type { Stimulus } from "../study/stimulus.ts";
import { fieldsOf } from "../tasks/items.ts";
import type { Task } from "../tasks/task.ts";
import { type Html, html, trusted } from "../text/html.ts";
import type { Phrases } from "./languages.ts";
import { trapField } from "./signs.ts";

/** What every page needs: the words, where its style and script lie, and the study's own texts. */
export interface Setting {
  readonly language: string;
  readonly words: Phrases;
  readonly style: string;
  readonly script: string;
  readonly survey: {
    readonly title: string;
    readonly consent: string;
    readonly instructions: string;
    readonly contact: string;
    readonly back: boolean;
    readonly recruiting?: object | undefined;
    readonly example?: { readonly title: string; readonly text: string; readonly note: string } | undefined;
  };
}

interface Page {
  readonly title: string;
  readonly body: Html;
  readonly wide?: boolean;
}

/** A whole page. It asks nothing of any other server, and reads the same without its script. */
export const page = (setting: Setting, { title, body, wide }: Page): string =>
  html`${trusted("<!doctype html>")}
<html lang="${setting.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · ${setting.survey.title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${setting.style}">
<script src="${setting.script}" type="module"></script>
</head>
<body>
<a class="skip" href="#text">${setting.words("skip")}</a>
<main id="text"${wide ? html` class="wide"` : ""}>
${body}
</main>
</body>
</html>
`.toString();

/** Asks for consent; nothing is kept before it is given. `carried` goes on from the address into the form. */
export function consentPage(
  setting: Setting,
  seal: string,
  { alert, carried = {} }: { alert?: string | undefined; carried?: Readonly<Record<string, string>> } = {},
): string {
  const { survey, words } = setting;
  const heading = words("consent.heading");
  return page(setting, {
    title: heading,
    body: html`
<p class="head">${survey.title}</p>
<h1>${heading}</h1>
${alert && alertBox(alert)}
${paragraphs(survey.consent || words("consent.text"))}
${survey.contact && html`<p>${words("consent.contact", { contact: survey.contact })}</p>`}
<form method="post" action="/consent">
<input type="hidden" name="seal" value="${seal}">
${hidden(carried)}
<p><button>${words("consent.agree")}</button></p>
</form>
${survey.recruiting !== undefined && html`<p><a href="/declined">${words("consent.decline")}</a></p>`}
<p class="soft">${words("consent.cookie")}</p>`,
  });
}

/** For a worker who looks at a task before accepting it: there is nothing to send yet. */
export function previewPage(setting: Setting): string {
  const { survey, words } = setting;
  const heading = words("consent.heading");
  return page(setting, {
    title: heading,
    body: html`
<p class="head">${survey.title}</p>
<h1>${heading}</h1>
${alertBox(words("preview.text"))}
${paragraphs(survey.consent || words("consent.text"))}
${survey.contact && html`<p>${words("consent.contact", { contact: survey.contact })}</p>`}`,
  });
}

/** For who would rather not: nothing was kept; a recruiting service's participants get its code for that. */
export function declinedPage(setting: Setting, code: Code | undefined): string {
  const { words } = setting;
  const heading = words("declined.heading");
  return page(setting, {
    title: heading,
    body: html`<h1>${heading}</h1><p>${words("declined.text")}</p>${code && codeBox(setting, code)}`,
  });
}

/** A completion code and where to return with it. */
export interface Code {
  readonly code: string;
  readonly address: string | undefined;
  /** Where the browser posts it to instead, with what else goes there. */
  readonly post?: { readonly address: string; readonly fields: Readonly<Record<string, string>> } | undefined;
}

const codeBox = ({ words }: Setting, { code, address, post }: Code): Html =>
  post
    ? html`
<form method="post" action="${post.address}">
${hidden(post.fields)}
<p><button>${words("code.submit")}</button></p>
</form>`
    : html`
<p class="code">${words("code.text")} <strong>${code}</strong></p>
${address && html`<p><a class="button" href="${address}" rel="noreferrer">${words("code.return")}</a></p>`}`;

export function instructionsPage(setting: Setting, instructions: string, personal: string): string {
  const { survey, words } = setting;
  const heading = words("instructions.heading");
  return page(setting, {
    title: heading,
    body: html`
<h1>${heading}</h1>
${paragraphs(instructions)}
${
  survey.example &&
  html`<section class="example"><p class="head">${words("instructions.example")}</p>${story(survey.example)}<div class="note">${paragraphs(survey.example.note)}</div></section>`
}
<p><a class="button" href="/q/1">${words("instructions.begin")}</a></p>
${personalLine(setting, personal)}`,
  });
}

const personalLine = ({ words }: Setting, address: string): Html =>
  html`<p class="soft aside">${words("personal.keep")} <a href="${address}">${words("personal.link")}</a></p>`;

/** The page behind a personal link: going on here, or taking everything back. */
export function personalPage(
  setting: Setting,
  { address, seal, over }: { address: string; seal: string; over: boolean },
): string {
  const { words } = setting;
  const heading = words("personal.heading");
  const form = (action: string, label: string) => html`
<form method="post" action="${address}/${action}">
<input type="hidden" name="seal" value="${seal}">
<button>${label}</button>
</form>`;
  return page(setting, {
    title: heading,
    body: html`
<h1>${heading}</h1>
<p>${words(over ? "personal.over" : "personal.text")}</p>
${!over && form("continue", words("personal.continue"))}
<div class="aside"><p class="soft">${words("personal.sure")}</p>${form("withdraw", words("personal.withdraw"))}</div>`,
  });
}

export function withdrawnPage(setting: Setting): string {
  const heading = setting.words("personal.gone.heading");
  return page(setting, {
    title: heading,
    body: html`<h1>${heading}</h1><p>${setting.words("personal.gone")}</p>`,
  });
}

/** A question of a participant's way. */
export interface QuestionView {
  readonly task: Task;
  readonly stimuli: readonly Stimulus[];
  readonly fields: readonly Field[];
  readonly position: number;
  readonly count: number;
  readonly seal: string;
  /** The page's idempotency key. */
  readonly key: string;
  readonly given: Readonly<Record<string, unknown>> | undefined;
  readonly alert?: string | undefined;
}

/** One question: the text or texts, then a plain form. */
export function questionPage(setting: Setting, view: QuestionView): string {
  const { survey, words } = setting;
  const { stimuli, position, count } = view;
  const where = words("question.progress", { position, count });
  const { texts, items } = view.given ? writtenFor(setting, view) : written(setting, view);
  return page(setting, {
    title: where,
    wide: stimuli.length === 2,
    body: html`
<div class="progress"><h1>${where}</h1><progress value="${position - 1}" max="${count}" aria-label="${where}"></progress></div>
${view.alert && alertBox(view.alert)}
${texts}
<form class="question" method="post" action="/q/${position}" data-outbox>
<input type="hidden" name="seal" value="${view.seal}">
<input type="hidden" name="key" value="${view.key}">
<input type="hidden" name="ms" value="">
${items}
<div class="trap" aria-hidden="true"><label>${words("trap")} <input type="text" name="${trapField}" tabindex="-1" autocomplete="off"></label></div>
<div class="go">
<button>${words(position === count ? "question.finish" : "question.next")}</button>
${survey.back && position > 1 && html`<a href="/q/${position - 1}">${words("question.back")}</a>`}
</div>
<p class="status" role="status" data-status data-sending="${words("outbox.sending")}" data-waiting="${words("outbox.waiting")}"></p>
</form>`,
  });
}

/** What of a page is the same for every participant; there are as many as the forms have questions. */
interface Written {
  readonly texts: Html;
  readonly items: Html;
}

const kept = new WeakMap<Setting, Map<string, Written>>();

/** The texts and the items of a question without an answer, written once. */
function written(setting: Setting, view: QuestionView): Written {
  const all = kept.get(setting) ?? new Map<string, Written>();
  kept.set(setting, all);
  const name = [view.task.name, ...view.stimuli.map(({ id }) => id)].join(" ");
  const known = all.get(name) ?? writtenFor(setting, view);
  all.set(name, known);
  return known;
}

const writtenFor = ({ words }: Setting, { task, stimuli, fields, given }: QuestionView): Written => ({
  texts: storiesOf(stimuli, words),
  items: fieldsOf(task.items(words, fields), given),
});

/** After the last answer, which is on disk: the code, one's own score where the study tells it, the personal link. */
export function thanksPage(
  setting: Setting,
  {
    score,
    code,
    personal,
  }: {
    score: { right: number; count: number; chance: number } | undefined;
    code: Code | undefined;
    personal: string;
  },
): string {
  const { words } = setting;
  const heading = words("thanks.heading");
  return page(setting, {
    title: heading,
    body: html`
<h1>${heading}</h1>
<p>${words(code ? "thanks.code" : "thanks.text")}</p>
${score && html`<p>${words("thanks.score", score)} ${words("thanks.chance", { chance: score.chance.toLocaleString(setting.language) })}</p>`}
${code && codeBox(setting, code)}
${personalLine(setting, personal)}`,
  });
}

/** Something went otherwise: what, and what to do now. */
export function problemPage(
  setting: Setting,
  text: string,
  way?: { readonly label: string; readonly address: string },
  heading = setting.words("problem.heading"),
): string {
  return page(setting, {
    title: heading,
    body: html`<h1>${heading}</h1>
<p>${text}</p>
${way && html`<p><a href="${way.address}">${way.label}</a></p>`}`,
  });
}

/** The answer that could not be stored travels in the page, so that nothing has to be typed again. */
export function againPage(
  setting: Setting,
  address: string,
  fields: Readonly<Record<string, string>>,
): string {
  const { words } = setting;
  const heading = words("problem.heading");
  return page(setting, {
    title: heading,
    body: html`<h1>${heading}</h1>
<p>${words("problem.busy")}</p>
<form method="post" action="${address}">
${hidden(fields)}
<button>${words("problem.busy.link")}</button>
</form>`,
  });
}

const hidden = (fields: Readonly<Record<string, string>>): Html =>
  html`${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`;

export const alertBox = (text: string): Html => html`<p class="alert" role="alert">${text}</p>`;

/** The texts of a question: none, one, or two side by side. */
export function storiesOf(stimuli: readonly Stimulus[], words: Phrases): Html {
  const [left, right] = stimuli;
  if (!left) return html``;
  if (!right) return story(left);
  return html`<div class="pair">
<section aria-label="${words("question.left")}"><p class="which">${words("question.left")}</p>${story(left)}</section>
<section aria-label="${words("question.right")}"><p class="which">${words("question.right")}</p>${story(right)}</section>
</div>`;
}

export const story = ({ title, text }: Pick<Stimulus, "title" | "text">): Html =>
  html`<article class="story"><h2>${title}</h2>${paragraphs(text)}</article>`;

/** Plain text as paragraphs: every line break parts two. */
const paragraphs = (text: string): Html =>
  html`${text
    .split(/\n+/)
    .filter((line) => line.trim() !== "")
    .map((line) => html`<p>${line}</p>`)}`;
