import { type Html, html } from "../text/html.ts";
import type { Codebook, Variable } from "../workbench/codebook.ts";
import { phrasesOf } from "./languages.ts";
import { alertBox, page, type Setting, story } from "./pages.ts";

/** The coders' pages. They stand without the researcher's navigation, which leads to what a coder must not see. */

export interface CodingView {
  /** Where this coder's texts lie: `/study/coding/anna/60`. */
  readonly address: string;
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

/** Asks who codes, and how many texts. */
export const coderPage = (
  setting: Setting,
  { seal, instructions, alert }: { seal: string; instructions: string; alert?: string },
): string =>
  codingPage(
    setting,
    "Coding by reading",
    html`
<h1>Coding by reading</h1>
${alert && alertBox(alert)}
<p>Each text is shown by itself, in an order of your own, and nobody is told who wrote it. Every page is kept as soon
as you go on; come back with the same name, and you are where you stopped.</p>
<form method="post" action="/study/coding">
<input type="hidden" name="seal" value="${seal}">
<label class="reason">Your name as a coder: letters, digits, - and _
<input type="text" name="coder" maxlength="40" autocomplete="off" autocapitalize="none" spellcheck="false" required></label>
<label class="reason">How many texts: the same number for every coder, or all where it is left empty
<input type="number" name="count" min="1"></label>
<button>Begin, or go on</button>
</form>
${instructions !== "" && html`<section class="aside"><h2>How to code</h2>${prose(instructions)}</section>`}`,
  );

/** One text, and a choice for each variable of the codebook. */
export const codedTextPage = (setting: Setting, view: CodingView): string => {
  const { address, position, count, codebook, given } = view;
  const where = `Text ${position} of ${count}`;
  return codingPage(
    setting,
    where,
    html`
<div class="progress"><h1>${where}</h1><progress value="${position - 1}" max="${count}" aria-label="${where}"></progress></div>
${story(view)}
<form class="question" method="post" action="${address}/${position}">
<input type="hidden" name="seal" value="${view.seal}">
<input type="hidden" name="item" value="${view.item}">
${codebook.variables.map((variable) => choiceOf(variable, given.get(variable.name)))}
<div class="go">
<button>Keep, and go on</button>
${position > 1 && html`<a href="${address}/${position - 1}" rel="prev">Back</a>`}
</div>
</form>
${codebook.instructions !== "" && html`<details class="aside"><summary>How to code</summary>${prose(codebook.instructions)}</details>`}`,
  );
};

export const codedPage = (
  setting: Setting,
  { address, count, without, file }: { address: string; count: number; without: number; file: string },
): string =>
  codingPage(
    setting,
    "Thank you",
    html`
<h1>Thank you</h1>
<p>You are through. Your codes lie in <code>${file}</code> of the study; <code>tinylove describe</code> takes them from there.</p>
${without > 0 && html`<p>${without} of ${count} ${without === 1 ? "text has" : "texts have"} no code of yours, which is a pass. With your name you come back to ${without === 1 ? "it" : "them"}.</p>`}
<p class="go"><a href="${address}/${count}">Back to the last text</a></p>`,
  );

const codingPage = (setting: Setting, title: string, body: Html): string =>
  page({ ...setting, language: "en", words: phrasesOf("en") }, { title, body });

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
