import type { Finding } from "../study/finding.ts";
import { counted, percent } from "../study/print.ts";
import { type Html, html, trusted } from "../text/html.ts";
import type { Chapter, Contents, Mark, Named } from "./contents.ts";
import { drawn, widths } from "./draw.ts";
import { type Places, placesOf, type StoryRead } from "./stories.ts";
import { style } from "./style.ts";
import { tableBlock } from "./table-block.ts";

/** The report as one HTML file that needs nothing beside it: no script, no font, no picture from elsewhere. */
export function page(contents: Contents): string {
  const { title, marks, chapters, stories, warnings } = contents;
  const places = placesOf(stories);
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
  ${marksOf(marks)}
  ${warnings.length > 0 && html`<div class="warnings"><h2>Before you read on</h2>${warnings.map((text) => html`<p>${prose(text)}</p>`)}</div>`}
  ${headline(contents.headline)}
  ${contents.deck.map((text) => html`<p class="deck">${prose(text)}</p>`)}
  ${contents.carriers.map((named) => block(named, places))}
  ${contents.firstPage.map((named) => block(named, places))}
  ${chapters.length > 1 && contentsList(contents)}
</header>
<main>
${chapters.map((chapter) => chapterSection(chapter, marks, places))}
${stories.length > 0 && storiesSection(stories, marks)}
${methodsSection(contents)}
</main>
<footer>Made by Tiny Love. The page stands alone: it loads nothing and sends nothing.</footer>
</body>
</html>
`;
  return document.markup;
}

const marksOf = (marks: readonly Mark[]): readonly Html[] =>
  marks.map(({ name, text }) => html`<p class="mark" role="note"><b>${name}:</b> ${text}</p>`);

/** A section taken by itself still says by name what is not real in it; what that means stands at the head. */
const tags = (marks: readonly Mark[]): Html | false => {
  const unreal = marks.filter((mark) => mark.unreal).map(({ name }) => name);
  return unreal.length > 0 && html`<p class="tag">${unreal.join(" · ")}</p>`;
};

/** The verdict's first word is set apart: it is what people look for. */
function headline(text: string): Html {
  const [word, rest] = splitAt(text);
  const kind = /^(Inconclusive|Different|Indistinguishable|Equivalent)/.exec(word)?.[1]?.toLowerCase();
  return html`<p class="headline${kind && ` verdict-${kind}`}">${kind ? html`<strong>${word}</strong>${rest}` : text}</p>`;
}

/** A sentence up to its first colon, and from there on. */
function splitAt(text: string): [string, string] {
  const colon = text.indexOf(":");
  return colon < 0 ? [text, ""] : [text.slice(0, colon + 1), text.slice(colon + 1)];
}

const contentsList = ({ chapters, stories }: Contents): Html => html`
  <nav aria-label="Contents"><ol>
    ${chapters.map(({ name, asks }) => html`<li><a href="#${name}">${asks}</a></li>`)}
    ${stories.length > 0 && html`<li><a href="#stories">The stories, and how readers judged them</a></li>`}
    <li><a href="#methods">Methods and provenance</a></li>
  </ol></nav>`;

const chapterSection = (
  { name, asks, findings }: Chapter,
  marks: readonly Mark[],
  places: Places,
): Html => html`
<section id="${name}" aria-labelledby="${name}-asks">
  <h2 id="${name}-asks">${asks}</h2>
  ${tags(marks)}
  ${findings.map((named) => block(named, places))}
  ${places.size > 0 && html`<p class="behind"><a href="#stories">The stories and judgments behind this</a></p>`}
</section>`;

function block({ name, finding }: Named, places: Places): Html {
  if (finding.kind === "sentence") return paragraph(finding);
  if (finding.kind === "table") return tableBlock(name, finding.caption, finding.table, places);
  const label = `${finding.caption}. The numbers stand in the table below.`;
  const drawing = (width: number) => trusted(drawn(finding.figure, label, width));
  return html`
  <figure id="${name}">
    <figcaption>${finding.caption}.</figcaption>
    <div class="page">${drawing(widths.page)}</div>
    <div class="phone">${drawing(widths.phone)}</div>
    ${tableBlock(`${name}-numbers`, "", finding.figure.table, places)}
  </figure>`;
}

const paragraph = ({ text, weight }: Extract<Finding, { kind: "sentence" }>): Html =>
  weight === "detail" ? html`<p class="detail">${prose(text)}</p>` : html`<p>${prose(text)}</p>`;

/** A sentence in which what stands between backticks is set as code, and a number keeps its percent sign on its line. */
const prose = (text: string): Html[] =>
  text
    .replace(/(\d) %/g, "$1\u00a0%")
    .split("`")
    .map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));

const storiesSection = (stories: readonly StoryRead[], marks: readonly Mark[]): Html => html`
<section id="stories" aria-labelledby="stories-title">
  <h2 id="stories-title">The stories, and how readers judged them</h2>
  ${tags(marks)}
  <p class="detail">${
    stories.some(({ judgments }) => judgments > 0)
      ? "Those that readers misjudged most come first. Texts stand as they were shown. Every judgment that the figures stand on is a row of tables/judgments.csv, and check.R computes the main figures anew from it."
      : "Texts stand as they will be shown."
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
}: StoryRead): Html {
  const by = origin === "human" ? "a person" : model || "a machine";
  const share = judgments > 0 ? right / judgments : undefined;
  return html`
  <article class="story of-${origin}" id="story-${id}">
    <h3>${title}</h3>
    <p class="by">Written by <b class="${origin}">${by}</b>${forms.length > 0 && html`, ${forms.join(", ")}`}. ${
      share === undefined
        ? "Not judged yet."
        : `Judged rightly by ${right} of ${judgments} (${percent(share)}); ${saidHuman} said “human”.`
    }</p>
    ${share !== undefined && html`<span class="gauge" aria-hidden="true"><i style="width:${(100 * share).toFixed(1)}%"></i></span>`}
    <blockquote>${text}</blockquote>
    ${
      reasons.length > 0 &&
      html`<ul class="reasons" aria-label="Reasons that readers gave">${reasons.map(
        ({ answer, reason }) => html`<li>said “${answer}”: ${reason}</li>`,
      )}</ul>`
    }
  </article>`;
}

const methodsSection = ({ methods, marks, provenance }: Contents): Html => html`
<section id="methods" aria-labelledby="methods-title">
  <h2 id="methods-title">Methods and provenance</h2>
  ${tags(marks)}
  ${methods.map((text) => html`<p>${prose(text)}</p>`)}
  <p class="caption">Versions, seed, and the SHA-256 of what went in and came out.</p>
  <div class="table" role="group" tabindex="0" aria-label="Provenance"><table>
    <tbody>
      ${provenance.facts.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}
      ${provenance.hashes.map(([path, hash]) => html`<tr><th scope="row"><code>${path}</code></th><td><code>${hash}</code></td></tr>`)}
    </tbody>
  </table></div>
  <p class="detail">${counted(provenance.hashes.length, "file")} recorded in manifest.json.</p>
</section>`;
