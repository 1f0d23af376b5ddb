import type { Codebook, Variable } from "../coding/codebook.ts";
import type { TextSet } from "../coding/text-sets.ts";
import { phrasesOf } from "../survey/languages.ts";
import { alertBox, type PageContext, page, story } from "../survey/page.ts";
import { type Html, html } from "../text/html.ts";

/** The coders' pages. They stand without the researcher's navigation, which leads to what a coder must not see. */

export interface CodingView {
  readonly position: number;
  readonly count: number;
  readonly seal: string;
  /** What the form calls the text. */
  readonly item: string;
  readonly title: string;
  readonly text: string;
  readonly codebook: Codebook;
  /** The coder's own codes of this text, by variable. */
  readonly given: ReadonlyMap<string, string>;
}

export interface CoderLinksView {
  readonly seal: string;
  readonly coders: readonly { readonly name: string; readonly textSet: TextSet; readonly texts: number }[];
  /** Which texts there are to choose from; none where there are only the study's own. */
  readonly textSets: readonly TextSet[];
  readonly alert?: string | undefined;
  /** The link that has just been made. */
  readonly link?:
    | { readonly name: string; readonly textSet: TextSet; readonly count: number; readonly address: string }
    | undefined;
}

/** The researcher's page: makes a coder's link, and tells how far each has come. */
export const coderLinksPage = (
  pageContext: PageContext,
  { seal, coders, textSets, alert, link }: CoderLinksView,
): string =>
  codingPage(
    pageContext,
    "Coding by reading",
    html`
<p><a href="/study">Back to the survey</a></p>
<h1>Coding by reading</h1>
${alert && alertBox(alert)}
${
  link &&
  html`<section class="made"><h2>The link of ${link.name}</h2>
<p>For ${link.count} ${link.count === 1 ? "text" : "texts"} of ${textSetNames[link.textSet]}. Send it to ${link.name} and to nobody else.</p>
<p><a href="${link.address}">${link.address}</a></p></section>`
}
<p>Each coder gets a link of their own, which opens their own codes and nothing else. The same name gets the same
texts in the same order again.</p>
<form method="post" action="/study/coding">
<input type="hidden" name="seal" value="${seal}">
<label class="reason">The coder’s name: letters, digits, - and _
<input type="text" name="coder" maxlength="40" autocomplete="off" autocapitalize="none" spellcheck="false" required></label>
<label class="reason">How many texts: the same number for every coder, or all where it is left empty
<input type="number" name="count" min="1"></label>
${
  textSets.length > 0 &&
  html`<fieldset class="choice small"><legend>Texts of</legend>
${textSets.map((lot, at) => html`<label><input type="radio" name="text_set" value="${lot}"${at === 0 && html` checked`}><span>${textSetNames[lot]}</span></label>`)}
</fieldset>`
}
<button>Make the link</button>
</form>
${
  coders.length > 0 &&
  html`<section class="aside"><table><caption>Coded so far</caption>
<thead><tr><th scope="col">coder</th><th scope="col">texts of</th><th scope="col">coded</th></tr></thead>
<tbody>${coders.map(({ name, textSet, texts }) => html`<tr><td>${name}</td><td>${textSetNames[textSet]}</td><td>${texts}</td></tr>`)}</tbody></table></section>`
}`,
  );

const textSetNames: Record<TextSet, string> = {
  study: "the study",
  factorial: "the factorial, with the stories behind them",
};

/** What a coder's link opens. */
export const coderPage = (
  pageContext: PageContext,
  { name, count, instructions, next }: { name: string; count: number; instructions: string; next: string },
): string =>
  codingPage(
    pageContext,
    "Coding by reading",
    html`
<h1>Coding by reading</h1>
<p>${name}, there ${count === 1 ? "is one text" : `are ${count} texts`} for you. Each is shown by itself, in an order
of your own, and nobody is told who wrote it. Every page is kept as soon as you go on; by the same link you come back
to where you stopped.</p>
<p><a class="button" href="${next}">${next === "/coding/1" ? "Begin" : "Go on"}</a></p>
${instructions !== "" && html`<section class="aside"><h2>How to code</h2>${prose(instructions)}</section>`}`,
  );

/** What a coder, or who is none, did otherwise. */
export const coderErrorPage = (pageContext: PageContext, alert: string): string =>
  codingPage(pageContext, "Coding by reading", html`<h1>Coding by reading</h1>${alertBox(alert)}`);

/** One text, and a choice for each variable of the codebook. */
export const codedTextPage = (pageContext: PageContext, view: CodingView): string => {
  const { position, count, codebook, given } = view;
  const progress = `Text ${position} of ${count}`;
  return codingPage(
    pageContext,
    progress,
    html`
<div class="progress"><h1>${progress}</h1><progress value="${position - 1}" max="${count}" aria-label="${progress}"></progress></div>
${story(view)}
<form class="question" method="post" action="/coding/${position}">
<input type="hidden" name="seal" value="${view.seal}">
<input type="hidden" name="item" value="${view.item}">
${codebook.variables.map((variable) => choiceOf(variable, given.get(variable.name)))}
<div class="go">
<button>Keep, and go on</button>
${position > 1 && html`<a href="/coding/${position - 1}" rel="prev">Back</a>`}
</div>
</form>
${codebook.instructions !== "" && html`<details class="aside"><summary>How to code</summary>${prose(codebook.instructions)}</details>`}`,
  );
};

export const codingDonePage = (
  pageContext: PageContext,
  { count, without }: { count: number; without: number },
): string =>
  codingPage(
    pageContext,
    "Thank you",
    html`
<h1>Thank you</h1>
<p>You are through, and your codes are stored.</p>
${without > 0 && html`<p>${without} of ${count} ${without === 1 ? "text has" : "texts have"} no code of yours, which is a pass. <a href="/coding">Come back</a> to ${without === 1 ? "it" : "them"}.</p>`}
<p class="go"><a href="/coding/${count}">Back to the last text</a></p>`,
  );

const codingPage = (pageContext: PageContext, title: string, body: Html): string =>
  page({ ...pageContext, language: "en", words: phrasesOf("en") }, { title, body });

/** The last choice takes a code back, which radio buttons cannot do by themselves. */
const choiceOf = ({ name, title, asks, codes }: Variable, given: string | undefined): Html => html`
<fieldset class="choice small">
<legend>${title}</legend>
<div class="meanings">${prose(asks)}
<details><summary>What each code means</summary>
<dl>${codes.map(({ code, means }) => html`<dt>${code}</dt><dd>${prose(means)}</dd>`)}</dl></details></div>
${[...codes.map(({ code }) => [code, code] as const), ["", "none of them (pass)"] as const].map(
  ([value, label]) =>
    html`<label><input type="radio" name="${fieldOf(name)}" value="${value}"${value === given && html` checked`}><span>${label}</span></label>`,
)}
</fieldset>`;

/** A variable's field: no page of a codebook can take the name of a hidden one. */
export const fieldOf = (variable: string): string => `code-${variable}`;

/** Paragraphs and list items of Markdown, a line each; its marks stay as they are written. */
const prose = (markdown: string): Html =>
  html`${markdown
    .split(/\n\s*\n|\n(?=\s*(?:\d+\.|[-*]) )/)
    .filter((part) => part.trim() !== "")
    .map((part) => html`<p>${part.trim()}</p>`)}`;
