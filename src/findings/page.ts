import type { Finding } from "../study/finding.ts";
import { counted, percent } from "../study/print.ts";
import { type Html, html, trusted } from "../text/html.ts";
import type { Chapter, Contents, NamedFinding, Notice } from "./contents.ts";
import { drawFigure, widths } from "./draw.ts";
import { type ReportStory, type StoryLinks, storyLinksOf } from "./stories.ts";
import { style } from "./style.ts";
import { tableBlock } from "./table-block.ts";

/** The report as one self-contained HTML file, without scripts, fonts or images from elsewhere. */
export function page(contents: Contents): string {
  const { title, notices, chapters, stories, warnings } = contents;
  const links = storyLinksOf(stories);
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Tiny Love">
<title>${title}: report</title>
<style>${trusted(style)}</style>
</head>
<body>
<header class="top">
  <p class="eyebrow">Tiny Love report</p>
  <h1>${title}</h1>
  ${noticeParagraphs(notices)}
  ${warnings.length > 0 && html`<div class="warnings"><h2>Before you read on</h2>${warnings.map((text) => html`<p>${prose(text)}</p>`)}</div>`}
  ${headline(contents.headline)}
  ${contents.summary.map((text) => html`<p class="deck">${prose(text)}</p>`)}
  ${contents.headlineFigures.map((named) => block(named, links))}
  ${contents.firstPage.map((named) => block(named, links))}
  ${chapters.length > 1 && contentsList(contents)}
</header>
<main>
${chapters.map((chapter) => chapterSection(chapter, notices, links))}
${stories.length > 0 && storiesSection(stories, notices)}
${methodsSection(contents)}
</main>
<footer>Made by Tiny Love. This page is self-contained: it loads nothing and sends nothing.</footer>
</body>
</html>
`;
  return document.markup;
}

const noticeParagraphs = (notices: readonly Notice[]): readonly Html[] =>
  notices.map(({ name, text }) => html`<p class="mark" role="note"><b>${name}:</b> ${text}</p>`);

/** Marks a section as based on synthetic data; the explanation is at the start. */
const syntheticTag = (notices: readonly Notice[]): Html | false => {
  const names = notices.filter((mark) => mark.synthetic).map(({ name }) => name);
  return names.length > 0 && html`<p class="tag">${names.join(" · ")}</p>`;
};

/** The headline, with its first part emphasised. */
function headline(text: string): Html {
  const [conclusion, rest] = splitAt(text);
  const kind = /^(Inconclusive|Different|Indistinguishable|Equivalent)/.exec(conclusion)?.[1]?.toLowerCase();
  return html`<p class="headline${kind && ` verdict-${kind}`}">${kind ? html`<strong>${conclusion}</strong>${rest}` : text}</p>`;
}

/** Splits a sentence after its first colon. */
function splitAt(text: string): [string, string] {
  const colon = text.indexOf(":");
  return colon < 0 ? [text, ""] : [text.slice(0, colon + 1), text.slice(colon + 1)];
}

const contentsList = ({ chapters, stories }: Contents): Html => html`
  <nav aria-label="Contents"><ol>
    ${chapters.map(({ name, asks }) => html`<li><a href="#${name}">${asks}</a></li>`)}
    ${stories.length > 0 && html`<li><a href="#stories">The stories and their judgments</a></li>`}
    <li><a href="#methods">Methods and provenance</a></li>
  </ol></nav>`;

const chapterSection = (
  { name, asks, findings }: Chapter,
  notices: readonly Notice[],
  links: StoryLinks,
): Html => html`
<section id="${name}" aria-labelledby="${name}-asks">
  <h2 id="${name}-asks">${asks}</h2>
  ${syntheticTag(notices)}
  ${findings.map((named) => block(named, links))}
  ${links.size > 0 && html`<p class="behind"><a href="#stories">See the stories and judgments</a></p>`}
</section>`;

function block({ name, finding }: NamedFinding, links: StoryLinks): Html {
  if (finding.kind === "sentence") return paragraph(finding);
  if (finding.kind === "table") return tableBlock(name, finding.caption, finding.table, links);
  const label = `${finding.caption}. The numbers are in the table below.`;
  const drawing = (width: number) => trusted(drawFigure(finding.figure, label, width));
  return html`
  <figure id="${name}">
    <figcaption>${finding.caption}.</figcaption>
    <div class="page">${drawing(widths.page)}</div>
    <div class="phone">${drawing(widths.phone)}</div>
    ${tableBlock(`${name}-numbers`, "", finding.figure.table, links)}
  </figure>`;
}

const paragraph = ({ text, weight }: Extract<Finding, { kind: "sentence" }>): Html =>
  weight === "detail" ? html`<p class="detail">${prose(text)}</p>` : html`<p>${prose(text)}</p>`;

/** A sentence with code between backticks, and non-breaking spaces before percent signs. */
const prose = (text: string): Html[] =>
  text
    .replace(/(\d) %/g, "$1\u00a0%")
    .split("`")
    .map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));

const storiesSection = (stories: readonly ReportStory[], notices: readonly Notice[]): Html => html`
<section id="stories" aria-labelledby="stories-title">
  <h2 id="stories-title">The stories and their judgments</h2>
  ${syntheticTag(notices)}
  <p class="detail">${
    stories.some(({ judgments }) => judgments > 0)
      ? "The stories with the fewest right answers come first. Texts are as shown. tables/judgments.csv has all analysed judgments; check.R recomputes the main figures from it."
      : "Texts are as they will be shown."
  }</p>
  ${stories.map(storyCard)}
</section>`;

function storyCard({
  id,
  title,
  text,
  origin,
  model,
  forms,
  judgments,
  saidHuman,
  right,
  reasons,
}: ReportStory): Html {
  const by = origin === "human" ? "a person" : model || "a machine";
  const share = judgments > 0 ? right / judgments : undefined;
  return html`
  <article class="story of-${origin}" id="story-${id}">
    <h3>${title}</h3>
    <p class="by">Written by <b class="${origin}">${by}</b>${forms.length > 0 && html`, ${forms.join(", ")}`}. ${
      share === undefined
        ? "Not judged yet."
        : `${right} of ${judgments} readers were right (${percent(share)}); ${saidHuman} said “human”.`
    }</p>
    ${share !== undefined && html`<span class="gauge" aria-hidden="true"><i style="width:${(100 * share).toFixed(1)}%"></i></span>`}
    <blockquote>${text}</blockquote>
    ${
      reasons.length > 0 &&
      html`<ul class="reasons" aria-label="Readers’ reasons">${reasons.map(
        ({ answer, reason }) => html`<li>said “${answer}”: ${reason}</li>`,
      )}</ul>`
    }
  </article>`;
}

const methodsSection = ({ methods, notices, provenance }: Contents): Html => html`
<section id="methods" aria-labelledby="methods-title">
  <h2 id="methods-title">Methods and provenance</h2>
  ${syntheticTag(notices)}
  ${methods.map((text) => html`<p>${prose(text)}</p>`)}
  <p class="caption">Versions, seed, and the SHA-256 of inputs and outputs.</p>
  <div class="table" role="group" tabindex="0" aria-label="Provenance"><table>
    <tbody>
      ${provenance.facts.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}
      ${provenance.hashes.map(([path, hash]) => html`<tr><th scope="row"><code>${path}</code></th><td><code>${hash}</code></td></tr>`)}
    </tbody>
  </table></div>
  <p class="detail">${counted(provenance.hashes.length, "file")} recorded in manifest.json.</p>
</section>`;
