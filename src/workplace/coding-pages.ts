import type { Codebook, Variable } from "../coding/codebook.ts";
import { phrasesOf } from "../survey/languages.ts";
import { alertBox, type PageContext, page, story } from "../survey/page.ts";
import { type Html, html } from "../text/html.ts";

/** The coders' pages. They have no researcher's navigation, which leads to pages that coders must not see. */

export interface CodingView {
  readonly position: number;
  readonly count: number;
  readonly seal: string;
  /** The text's name in the form. */
  readonly item: string;
  readonly title: string;
  readonly text: string;
  readonly codebook: Codebook;
  /** The coder's codes of this text, by variable. */
  readonly given: ReadonlyMap<string, string>;
}

/** The start page of a coder's link. */
export const coderPage = (
  pageContext: PageContext,
  { name, count, instructions, next }: { name: string; count: number; instructions: string; next: string },
): string =>
  codingPage(
    pageContext,
    "Coding",
    html`
<h1>Coding</h1>
<p>${name}, you have ${count === 1 ? "one text" : `${count} texts`} to code. You see one text at a time, in your own
order, without being told who wrote it. Each page is saved when you continue; the same link brings you back to where you
stopped.</p>
<p><a class="button" href="${next}">${next === "/coding/1" ? "Begin" : "Continue"}</a></p>
${instructions !== "" && html`<section class="aside"><h2>How to code</h2>${prose(instructions)}</section>`}`,
  );

/** An error in place of a coder's page. */
export const coderErrorPage = (pageContext: PageContext, alert: string): string =>
  codingPage(pageContext, "Coding", html`<h1>Coding</h1>${alertBox(alert)}`);

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
<button>Save and continue</button>
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
<p>You have finished, and your codes are stored.</p>
${without > 0 && html`<p>You have given no code for ${without} of ${count} texts, which counts as passing. <a href="/coding">Go back</a> to ${without === 1 ? "it" : "them"}.</p>`}
<p class="go"><a href="/coding/${count}">Back to the last text</a></p>`,
  );

const codingPage = (pageContext: PageContext, title: string, body: Html): string =>
  page({ ...pageContext, language: "en", words: phrasesOf("en") }, { title, body });

/** The last choice removes a code, which radio buttons cannot do by themselves. */
const choiceOf = ({ name, title, question, codes }: Variable, given: string | undefined): Html => html`
<fieldset class="choice small">
<legend>${title}</legend>
<div class="meanings">${prose(question)}
<details><summary>What each code means</summary>
<dl>${codes.map(({ code, meaning }) => html`<dt>${code}</dt><dd>${prose(meaning)}</dd>`)}</dl></details></div>
${[...codes.map(({ code }) => [code, code] as const), ["", "none of them (pass)"] as const].map(
  ([value, label]) =>
    html`<label><input type="radio" name="${fieldOf(name)}" value="${value}"${value === given && html` checked`}><span>${label}</span></label>`,
)}
</fieldset>`;

/** The field of a variable, prefixed so that no variable can have the name of a hidden field. */
export const fieldOf = (variable: string): string => `code-${variable}`;

/** Paragraphs and list items of Markdown, one paragraph each; the markup stays as written. */
const prose = (markdown: string): Html =>
  html`${markdown
    .split(/\n\s*\n|\n(?=\s*(?:\d+\.|[-*]) )/)
    .filter((part) => part.trim() !== "")
    .map((part) => html`<p>${part.trim()}</p>`)}`;
