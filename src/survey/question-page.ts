import type { Field } from "../study/settings/survey.ts";
import type { Stimulus } from "../study/stimulus.ts";
import { renderItems } from "../tasks/items.ts";
import type { Task } from "../tasks/task.ts";
import { type Html, html } from "../text/html.ts";
import { honeypotField } from "./bot-signals.ts";
import type { Phrases } from "./languages.ts";
import { alertBox, type PageContext, page, story } from "./page.ts";
import { fieldName } from "./parse-response.ts";

/** A page of questions as one participant sees it. */
export interface QuestionView {
  /** The tasks of its questions, about the same stories. */
  readonly tasks: readonly Task[];
  readonly stimuli: readonly Stimulus[];
  /** What is written above the story about its author: `human`, `machine` or a name. */
  readonly told?: string | undefined;
  /** Whether stories are shown whole. */
  readonly whole?: boolean | undefined;
  /** Seconds until the story disappears. */
  readonly seconds?: number | undefined;
  readonly fields: readonly Field[];
  /** The address of the page before, after the base, if the participant may go back. */
  readonly back: string | undefined;
  /** The position of this page among `count` pages. */
  readonly position: number;
  readonly count: number;
  readonly seal: string;
  /** The page's idempotency key. */
  readonly key: string;
  /** The answers as fields of the form. */
  readonly given: Readonly<Record<string, unknown>> | undefined;
  readonly alert?: string | undefined;
}

/**
 * The text or texts, then a plain form with the questions about them. The two texts of a pair are inside the form, so that on a phone the
 * choice stays in sight while they are read.
 */
export function questionPage(pageContext: PageContext, view: QuestionView): string {
  const { words } = pageContext;
  const { stimuli, position, count } = view;
  const progress = words("question.progress", { position, count });
  const isPair = stimuli.length === 2;
  const { texts, items } = view.given ? markupOf(pageContext, view) : cachedMarkup(pageContext, view);
  return page(pageContext, {
    title: progress,
    wide: isPair,
    body: html`
<div class="progress"><h1>${progress}</h1><progress value="${position - 1}" max="${count}" aria-label="${progress}"></progress></div>
${view.alert && alertBox(view.alert)}
${view.seconds !== undefined && html`<link rel="stylesheet" href="${timeLimitAddress(view.seconds)}"><p class="soft">${words("question.seconds", { seconds: view.seconds })}</p>`}
${!isPair && texts}
<form class="question${isPair && " pairs"}${view.tasks.length > 1 && " several"}" method="post" action="${pageContext.base}/q/${position}" data-outbox>
<input type="hidden" name="seal" value="${view.seal}">
<input type="hidden" name="key" value="${view.key}">
<input type="hidden" name="ms" value="">
${isPair && texts}
${items}
<div class="trap" aria-hidden="true"><label>${words("trap")} <input type="text" name="${honeypotField}" tabindex="-1" autocomplete="off"></label></div>
<div class="go">
<button>${words(position === count ? "question.finish" : "question.next")}</button>
${view.back !== undefined && html`<a href="${pageContext.base}${view.back}">${words("question.back")}</a>`}
</div>
<p class="status" role="status" data-status data-sending="${words("outbox.sending")}" data-waiting="${words("outbox.waiting")}" data-refused="${words("outbox.refused")}"></p>
</form>`,
  });
}

/** The sentence above a story about its author. */
export const toldText = (told: string, words: Phrases): string =>
  told === "human" || told === "machine" ? words(`told.${told}`) : words("told.author", { author: told });

/** The address of the style sheet that makes a story disappear; it works without JavaScript. */
export const timeLimitAddress = (seconds: number): string => `/assets/limit-${seconds}.css`;

export const timeLimitStyle = (seconds: number): string =>
  `.story { animation: gone 0s linear ${seconds}s forwards; } @keyframes gone { to { visibility: hidden; } }`;

/** The part of a question page that is the same for all participants; cached, one for each question of the forms. */
interface SharedMarkup {
  readonly texts: Html;
  readonly items: Html;
}

const markupCache = new WeakMap<PageContext, Map<string, SharedMarkup>>();

/** The texts and items of a question that has no answer yet. */
function cachedMarkup(pageContext: PageContext, view: QuestionView): SharedMarkup {
  const all = markupCache.get(pageContext) ?? new Map<string, SharedMarkup>();
  markupCache.set(pageContext, all);
  const name = [
    ...view.tasks.map(({ name }) => name),
    ...view.stimuli.map(({ id }) => id),
    view.told ?? "",
    view.whole ? "whole" : "",
  ].join(" ");
  const known = all.get(name) ?? markupOf(pageContext, view);
  all.set(name, known);
  return known;
}

const markupOf = (
  { words }: PageContext,
  { tasks, stimuli, told, whole = false, fields, given }: QuestionView,
): SharedMarkup => ({
  texts: storiesOf(
    stimuli.map((stimulus) => ({ ...stimulus, text: (whole && stimulus.whole) || stimulus.text })),
    words,
    told,
  ),
  items: renderItems(
    tasks.flatMap((task) =>
      task
        .items(words, fields)
        .map((item) => ({ ...item, name: fieldName(task.name, item.name, tasks.length) })),
    ),
    words,
    given,
  ),
});

/** The texts of a question: none, one, or two side by side. `told`: what is said about the author of a single story. */
export function storiesOf(stimuli: readonly Stimulus[], words: Phrases, told?: string): Html {
  const [left, right] = stimuli;
  if (!left) return html``;
  if (!right) return story(left, told === undefined ? undefined : toldText(told, words));
  return html`<div class="pair">
<section aria-label="${words("question.left")}"><p class="which">${words("question.left")}</p>${story(left)}</section>
<section aria-label="${words("question.right")}"><p class="which">${words("question.right")}</p>${story(right)}</section>
</div>`;
}
