import type { Origin } from "../stats/judgments.ts";
import type { Stimulus } from "../study/stimulus.ts";
import { type Html, html } from "../text/html.ts";
import { alertBox, hidden, type PageContext, page, paragraphs, story } from "./page.ts";

/** Asks for consent; nothing is stored before it is given. `carried` are fields of the address that the form passes on. */
export function consentPage(
  pageContext: PageContext,
  seal: string,
  { alert, carried = {} }: { alert?: string | undefined; carried?: Readonly<Record<string, string>> } = {},
): string {
  const { survey, words } = pageContext;
  return page(pageContext, {
    title: words("consent.heading"),
    body: html`${invitation(pageContext, alert)}
<form method="post" action="${pageContext.base}/consent">
<input type="hidden" name="seal" value="${seal}">
${hidden(carried)}
<p><button>${words("consent.agree")}</button></p>
</form>
${survey.recruiting !== undefined && html`<p><a href="${pageContext.base}/declined">${words("consent.decline")}</a></p>`}
${(survey.recruiting !== undefined || survey.invited) && html`<p class="soft">${words("consent.used")}</p>`}
<p class="soft">${words("consent.cookie")}</p>`,
  });
}

/** For an MTurk worker who previews the task before accepting it: there is nothing to send yet. */
export function previewPage(pageContext: PageContext): string {
  const { words } = pageContext;
  return page(pageContext, {
    title: words("consent.heading"),
    body: invitation(pageContext, words("preview.text")),
  });
}

/** What a person reads before taking part, with an alert if there is one. */
const invitation = ({ survey, words }: PageContext, alert: string | undefined): Html => html`
<p class="head">${survey.title}</p>
<h1>${words("consent.heading")}</h1>
${alert && alertBox(alert)}
${paragraphs(survey.consent)}
${survey.contact && html`<p>${words("consent.contact", { contact: survey.contact })}</p>`}
${survey.ethics && html`<p>${words("consent.ethics", { ethics: survey.ethics })}</p>`}`;

/** For a person who declines: nothing was stored. Participants of a recruiting service get its code for no consent. */
export function declinedPage(pageContext: PageContext, code: Code | undefined): string {
  const { words } = pageContext;
  const heading = words("declined.heading");
  return page(pageContext, {
    title: heading,
    body: html`<h1>${heading}</h1><p>${words("declined.text")}</p>${code && codeBox(pageContext, code, "code.other")}`,
  });
}

/** A completion code and the address to return to with it. */
export interface Code {
  /** Undefined if there is only an address to return to. */
  readonly code: string | undefined;
  readonly address: string | undefined;
  /** The address and fields with which the browser posts the code instead. */
  readonly post?: { readonly address: string; readonly fields: Readonly<Record<string, string>> } | undefined;
}

const serviceNames = { prolific: "Prolific", mturk: "MTurk" } as const;

/** The code with its label (`code.text` for those who have finished), and the way back to the service. */
const codeBox = (
  { words, survey }: PageContext,
  { code, address, post }: Code,
  label: "code.text" | "code.other" = "code.text",
): Html =>
  post
    ? html`
<form method="post" action="${post.address}">
${hidden(post.fields)}
<p><button>${words("code.submit")}</button></p>
</form>`
    : html`
${code && html`<p class="code">${words(label)} <strong>${code}</strong></p>`}
${address && survey.recruiting && html`<p><a class="button" href="${address}" rel="noreferrer">${words("code.return", { service: serviceNames[survey.recruiting.service] })}</a></p>`}`;

export function instructionsPage(
  pageContext: PageContext,
  instructions: string,
  personal: string | undefined,
  further: readonly string[] = [],
): string {
  const { survey, words } = pageContext;
  const heading = words("instructions.heading");
  return page(pageContext, {
    title: heading,
    body: html`
<h1>${heading}</h1>
${paragraphs([instructions, ...further].join("\n\n"))}
${
  survey.example &&
  html`<section class="example"><p class="head">${words("instructions.example")}</p>${story(survey.example)}<div class="note">${paragraphs(survey.example.note)}</div></section>`
}
<p><a class="button" href="${pageContext.base}/q/1">${words("instructions.begin")}</a></p>
${personalLink(pageContext, personal)}`,
  });
}

/** With the script, the whole address with a button that copies it. In a rehearsal there is no personal link. */
const personalLink = ({ words }: PageContext, address: string | undefined): Html | undefined =>
  address === undefined
    ? undefined
    : html`<div class="soft aside" data-personal><p>${words("personal.keep")} <a href="${address}">${words("personal.link")}</a></p>
<p class="line" hidden><input type="text" readonly aria-label="${words("personal.address")}"> <button type="button" class="plain" data-copied="${words("personal.copied")}">${words("personal.copy")}</button></p></div>`;

/** A participant's own page: its address, and the CSRF token of its forms (`seal`). */
export interface Personal {
  readonly address: string;
  readonly seal: string;
}

const personalForm = ({ address, seal }: Personal, action: string, button: Html): Html => html`
<form method="post" action="${address}/${action}">
<input type="hidden" name="seal" value="${seal}">
${button}
</form>`;

/** The way to withdraw, in two steps: it is opened, then confirmed. */
const withdrawal = ({ words }: PageContext, personal: Personal): Html => html`
<details class="withdraw"><summary>${words("personal.ask")}</summary>
<p>${words("personal.sure")}</p>
${personalForm(personal, "withdraw", html`<button class="plain">${words("personal.withdraw")}</button>`)}
</details>`;

/** The page of a personal link: continue on this device, or withdraw. */
export function personalPage(
  pageContext: PageContext,
  { over, ...personal }: Personal & { readonly over: boolean },
): string {
  const { words } = pageContext;
  const heading = words("personal.heading");
  return page(pageContext, {
    title: heading,
    body: html`
<h1>${heading}</h1>
<p>${words(over ? "personal.over" : "personal.text")}</p>
${!over && personalForm(personal, "continue", html`<button>${words("personal.continue")}</button>`)}
<div class="aside">${withdrawal(pageContext, personal)}</div>`,
  });
}

/** After a withdrawal. Those who were told something untrue are debriefed here too. */
export function withdrawnPage(pageContext: PageContext, { debrief = false } = {}): string {
  const heading = pageContext.words("personal.gone.heading");
  return page(pageContext, {
    title: heading,
    body: html`<h1>${heading}</h1><p>${pageContext.words("personal.gone")}</p>
${debrief && debriefing(pageContext)}`,
  });
}

/** A story whose author is revealed, and what the participant thought, if that was asked. */
export interface Revealed {
  readonly stimulus: Pick<Stimulus, "id" | "title" | "text">;
  readonly origin: Origin;
  readonly said: Origin | undefined;
}

const debriefing = ({ words, survey }: PageContext): Html | undefined =>
  survey.debrief === ""
    ? undefined
    : html`<section class="aside"><h2>${words("debrief.heading")}</h2>${paragraphs(survey.debrief)}</section>`;

const revealedStories = ({ words }: PageContext, stories: readonly Revealed[]): Html => html`
<section class="reveal aside"><h2>${words("reveal.heading")}</h2>
<p>${words("reveal.text")}</p>
${stories.map(
  ({ stimulus: { title, text }, origin, said }) => html`
<details><summary>${title}</summary>
<p><strong>${words(`reveal.${origin}`)}</strong> ${said && words(`reveal.said.${said}`)}</p>
<div class="text">${paragraphs(text)}</div>
</details>`,
)}
</section>`;

/** In a condition with feedback, after the last answer about a story has been stored: who wrote it. */
export function feedbackPage(pageContext: PageContext, stories: readonly Revealed[], next: string): string {
  const { words } = pageContext;
  const heading = words("feedback.heading");
  return page(pageContext, {
    title: heading,
    body: html`
<h1>${heading}</h1>
${stories.map(
  ({ stimulus: { title }, origin, said }) => html`
<p><em>${title}</em></p>
<p><strong>${words(`reveal.${origin}`)}</strong> ${said && words(`reveal.said.${said}`)}</p>`,
)}
<p><a class="button" href="${next}">${words("feedback.next")}</a></p>`,
  });
}

/**
 * After the last answer has been stored: the code, the score and the authors if the study shows them, the debriefing, the
 * personal link, and a way to withdraw.
 */
export function thanksPage(
  pageContext: PageContext,
  {
    score,
    code,
    revealed = [],
    personal,
  }: {
    score: { right: number; count: number; chance: number } | undefined;
    code: Code | undefined;
    revealed?: readonly Revealed[];
    personal: Personal | undefined;
  },
): string {
  const { words } = pageContext;
  const heading = words("thanks.heading");
  return page(pageContext, {
    title: heading,
    body: html`
<h1>${heading}</h1>
<p>${words(code ? "thanks.code" : "thanks.text")}</p>
${score && html`<p>${words("thanks.score", score)} ${words("thanks.chance", { chance: score.chance.toLocaleString(pageContext.language) })}</p>`}
${code && codeBox(pageContext, code)}
${debriefing(pageContext)}
${revealed.length > 0 && revealedStories(pageContext, revealed)}
${personalLink(pageContext, personal?.address)}
${personal && withdrawal(pageContext, personal)}`,
  });
}

/** Something went wrong: the problem, and what to do now. */
export function problemPage(
  pageContext: PageContext,
  text: string,
  link?: { readonly label: string; readonly address: string },
  heading = pageContext.words("problem.heading"),
): string {
  return page(pageContext, {
    title: heading,
    body: html`<h1>${heading}</h1>
<p>${text}</p>
${link && html`<p><a href="${link.address}">${link.label}</a></p>`}`,
  });
}

/** For a person who cannot take part: the reason, and how to return to the service that sent them. */
export function refusedPage(
  pageContext: PageContext,
  heading: string,
  text: string,
  code: Code | undefined,
): string {
  return page(pageContext, {
    title: heading,
    body: html`<h1>${heading}</h1><p>${text}</p>${code && codeBox(pageContext, code, "code.other")}`,
  });
}

/** The answer could not be stored. The page contains it, so that nothing has to be typed again. */
export function retryPage(
  pageContext: PageContext,
  address: string,
  fields: Readonly<Record<string, string>>,
): string {
  const { words } = pageContext;
  const heading = words("problem.heading");
  return page(pageContext, {
    title: heading,
    body: html`<h1>${heading}</h1>
<p>${words("problem.busy")}</p>
<form method="post" action="${address}">
${hidden(fields)}
<button>${words("problem.busy.link")}</button>
</form>`,
  });
}
