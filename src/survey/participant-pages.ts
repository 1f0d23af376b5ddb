import { type Html, html } from "../text/html.ts";
import { alertBox, hidden, type PageContext, page, paragraphs, story } from "./page.ts";

/** Asks for consent; nothing is kept before it is given. `carried` goes on from the address into the form. */
export function consentPage(
  pageContext: PageContext,
  seal: string,
  { alert, carried = {} }: { alert?: string | undefined; carried?: Readonly<Record<string, string>> } = {},
): string {
  const { survey, words } = pageContext;
  const heading = words("consent.heading");
  return page(pageContext, {
    title: heading,
    body: html`
<p class="head">${survey.title}</p>
<h1>${heading}</h1>
${alert && alertBox(alert)}
${paragraphs(survey.consent)}
${survey.contact && html`<p>${words("consent.contact", { contact: survey.contact })}</p>`}
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

/** For a worker who looks at a task before accepting it: there is nothing to send yet. */
export function previewPage(pageContext: PageContext): string {
  const { survey, words } = pageContext;
  const heading = words("consent.heading");
  return page(pageContext, {
    title: heading,
    body: html`
<p class="head">${survey.title}</p>
<h1>${heading}</h1>
${alertBox(words("preview.text"))}
${paragraphs(survey.consent)}
${survey.contact && html`<p>${words("consent.contact", { contact: survey.contact })}</p>`}`,
  });
}

/** For who would rather not: nothing was kept; a recruiting service's participants get its code for that. */
export function declinedPage(pageContext: PageContext, code: Code | undefined): string {
  const { words } = pageContext;
  const heading = words("declined.heading");
  return page(pageContext, {
    title: heading,
    body: html`<h1>${heading}</h1><p>${words("declined.text")}</p>${code && codeBox(pageContext, code)}`,
  });
}

/** A completion code and where to return with it. */
export interface Code {
  /** Undefined where there is only a way back. */
  readonly code: string | undefined;
  readonly address: string | undefined;
  /** Where the browser posts it to instead, with what else goes there. */
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

/** Who goes through the pages for a trial has no link of their own. */
const personalLink = ({ words }: PageContext, address: string | undefined): Html | undefined =>
  address === undefined
    ? undefined
    : html`<p class="soft aside">${words("personal.keep")} <a href="${address}">${words("personal.link")}</a></p>`;

/** The page behind a personal link: going on here, or taking everything back. */
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

/** After the last answer, which is on disk: the code, one's own score where the study tells it, the personal link. */
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

/** Something went otherwise: what, and what to do now. */
export function problemPage(
  pageContext: PageContext,
  text: string,
  way?: { readonly label: string; readonly address: string },
  heading = pageContext.words("problem.heading"),
): string {
  return page(pageContext, {
    title: heading,
    body: html`<h1>${heading}</h1>
<p>${text}</p>
${way && html`<p><a href="${way.address}">${way.label}</a></p>`}`,
  });
}

/** Somebody can take no part: why, and the way back to the service that sent them. */
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

/** The answer that could not be stored travels in the page, so that nothing has to be typed again. */
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
