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
${survey.contact && html`<p>${words("consent.contact", { contact: survey.contact })}</p>`}`;

/** For a person who declines: nothing was stored. Participants of a recruiting service get its code for no consent. */
export function declinedPage(pageContext: PageContext, code: Code | undefined): string {
  const { words } = pageContext;
  const heading = words("declined.heading");
  return page(pageContext, {
    title: heading,
    body: html`<h1>${heading}</h1><p>${words("declined.text")}</p>${code && codeBox(pageContext, code)}`,
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

const codeBox = ({ words }: PageContext, { code, address, post }: Code): Html =>
  post
    ? html`
<form method="post" action="${post.address}">
${hidden(post.fields)}
<p><button>${words("code.submit")}</button></p>
</form>`
    : html`
${code && html`<p class="code">${words("code.text")} <strong>${code}</strong></p>`}
${address && html`<p><a class="button" href="${address}" rel="noreferrer">${words("code.return")}</a></p>`}`;

export function instructionsPage(
  pageContext: PageContext,
  instructions: string,
  personal: string | undefined,
): string {
  const { survey, words } = pageContext;
  const heading = words("instructions.heading");
  return page(pageContext, {
    title: heading,
    body: html`
<h1>${heading}</h1>
${paragraphs(instructions)}
${
  survey.example &&
  html`<section class="example"><p class="head">${words("instructions.example")}</p>${story(survey.example)}<div class="note">${paragraphs(survey.example.note)}</div></section>`
}
<p><a class="button" href="${pageContext.base}/q/1">${words("instructions.begin")}</a></p>
${personalLink(pageContext, personal)}`,
  });
}

/** In a rehearsal there is no personal link. */
const personalLink = ({ words }: PageContext, address: string | undefined): Html | undefined =>
  address === undefined
    ? undefined
    : html`<p class="soft aside">${words("personal.keep")} <a href="${address}">${words("personal.link")}</a></p>`;

/** The page of a personal link: continue on this device, or withdraw. */
export function personalPage(
  pageContext: PageContext,
  { address, seal, over }: { address: string; seal: string; over: boolean },
): string {
  const { words } = pageContext;
  const heading = words("personal.heading");
  const form = (action: string, label: string) => html`
<form method="post" action="${address}/${action}">
<input type="hidden" name="seal" value="${seal}">
<button>${label}</button>
</form>`;
  return page(pageContext, {
    title: heading,
    body: html`
<h1>${heading}</h1>
<p>${words(over ? "personal.over" : "personal.text")}</p>
${!over && form("continue", words("personal.continue"))}
<div class="aside"><p class="soft">${words("personal.sure")}</p>${form("withdraw", words("personal.withdraw"))}</div>`,
  });
}

export function withdrawnPage(pageContext: PageContext): string {
  const heading = pageContext.words("personal.gone.heading");
  return page(pageContext, {
    title: heading,
    body: html`<h1>${heading}</h1><p>${pageContext.words("personal.gone")}</p>`,
  });
}

/** After the last answer has been stored: the code, the score if the study shows it, the personal link. */
export function thanksPage(
  pageContext: PageContext,
  {
    score,
    code,
    personal,
  }: {
    score: { right: number; count: number; chance: number } | undefined;
    code: Code | undefined;
    personal: string | undefined;
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
${personalLink(pageContext, personal)}`,
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
    body: html`<h1>${heading}</h1><p>${text}</p>${code && codeBox(pageContext, code)}`,
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
