import type { Finding } from "../study/finding.ts";
import { counted, percent } from "../study/print.ts";
import { type Html, html, trusted } from "../text/html.ts";
import type { Block, BodySection, Chapter, Contents, Notice } from "./contents.ts";
import { drawFigure, widths } from "./draw.ts";
import { Prose, unbroken } from "./prose.ts";
import { exampleStories, type ReportStory, storyLinksOf } from "./stories.ts";
import { storyReader } from "./story-reader.ts";
import { style } from "./style.ts";
import { type TableContext, tableBlock } from "./table-block.ts";

/** The report as one self-contained HTML file, without fonts, images or scripts from elsewhere. */
export function page(contents: Contents): string {
  const { title, notices, body, appendix, stories, headlineFigures, names } = contents;
  const context: Context = {
    contents,
    links: storyLinksOf(stories),
    names,
    prose: new Prose(names),
  };
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
  ${notices.filter(({ synthetic }) => synthetic).map(noticeLine)}
  <p class="eyebrow">Tiny Love report</p>
  <h1>${title}</h1>
  ${headline(contents.headline, context)}
  ${headlineFigures.map((block) => blockOf(block, context))}
  ${firstPage(contents, context)}
</header>
<main>
${body.map((section) => bodySection(section, context))}
<section id="appendix" aria-labelledby="appendix-title">
  <h2 id="appendix-title">Appendix</h2>
  <p class="detail">${contents.files ? "Closed here and in report.pdf; report-full.pdf prints all of it." : "Click a heading to open it."}</p>
  ${contents.results.length + contents.methods.length > 0 && paperChapter(context)}
  ${appendix.map((chapter) => chapterOf(chapter, context))}
  ${stories.length > 0 && storiesChapter(stories, context)}
  ${provenanceChapter(context)}
</section>
</main>
<footer>Made by Tiny Love. This page is self-contained: it loads nothing and sends nothing.</footer>
${trusted(`<script>${openTargets}</script>`)}
</body>
</html>
`;
  return document.markup;
}

interface Context extends TableContext {
  readonly contents: Contents;
}

/** Opens the part of the appendix that a link leads to, in browsers that do not. */
const openTargets = `
function openTarget() {
  var at = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!at) return;
  for (var each = at; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
  var own = at.querySelector(":scope > details");
  if (own) own.open = true;
  at.scrollIntoView();
}
addEventListener("hashchange", openTarget);
if (location.hash) openTarget();
`.trim();

const syntheticNames = (notices: readonly Notice[]): string[] =>
  notices.filter(({ synthetic }) => synthetic).map(({ name }) => name);

/** Marks a section as based on synthetic data; the explanation is on the first page. */
const syntheticTag = (notices: readonly Notice[]): Html | false => {
  const names = syntheticNames(notices);
  return names.length > 0 && html`<p class="tag">${names.join(" · ")}</p>`;
};

/** The headline, with its first part emphasised. */
function headline(text: string, { prose }: Context): Html {
  const [conclusion, rest] = splitAt(text);
  const kind = conclusionKinds.find(([begin]) => begin.test(conclusion))?.[1];
  return html`<p class="headline${kind && ` verdict-${kind}`}">${kind ? html`<strong>${prose.plain(conclusion)}</strong>${prose.plain(rest)}` : prose.plain(text)}</p>`;
}

/** The colour of a headline by its first words. */
const conclusionKinds: readonly (readonly [RegExp, string])[] = [
  [/^Inconclusive/, "inconclusive"],
  [/^Readers (can tell|are misled)/, "different"],
  [/^(Indistinguishable|Equivalent)/, "equivalent"],
];

const noticeLine = ({ name, text }: Notice): Html =>
  html`<p class="mark" role="note"><b>${name}:</b> ${text}</p>`;

/** Splits a sentence after its first colon. */
function splitAt(text: string): [string, string] {
  const colon = text.indexOf(":");
  return colon < 0 ? [text, ""] : [text.slice(0, colon + 1), text.slice(colon + 1)];
}

function firstPage(contents: Contents, context: Context): Html {
  const { summary, plain, warnings, facts, notices, body, cite } = contents;
  const { prose } = context;
  return html`
  ${summary.map((text) => html`<p class="deck">${prose.of(text)}</p>`)}
  ${plain.length > 0 && html`<div class="plain" role="group" aria-labelledby="plain-title"><h2 id="plain-title">In plain words</h2>${plain.map((text) => html`<p>${prose.of(text)}</p>`)}</div>`}
  ${warnings.length > 0 && html`<ul class="warnings" aria-label="Warnings">${warnings.map(({ line, target }) => html`<li>${prose.of(line)} <a href="#${target}">More</a></li>`)}</ul>`}
  ${facts.length > 0 && html`<dl class="facts">${facts.map(({ name, value }) => html`<div><dt>${name}</dt><dd>${prose.plain(value)}</dd></div>`)}</dl>`}
  ${notices.filter(({ synthetic }) => !synthetic).map(noticeLine)}
  ${body.length > 0 && html`<nav aria-label="Contents"><ol>${body.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}<li><a href="#appendix">Appendix</a></li></ol></nav>`}
  <p class="cite"><b>Cite:</b> ${prose.plain(cite)}</p>`;
}

function bodySection({ id, title, blocks, more }: BodySection, context: Context): Html {
  const { contents, prose } = context;
  prose.begin();
  return html`
<section id="${id}" aria-labelledby="${id}-title">
  <h2 id="${id}-title">${title}</h2>
  ${syntheticTag(contents.notices)}
  ${blocksOf(blocks, context)}
  ${id === "in-stimuli" && examples(context)}
  ${more.length > 0 && html`<p class="behind">In the appendix: ${more.map(({ id: chapter, label }, at) => html`${at > 0 && " · "}<a href="#${chapter}">${label}</a>`)}</p>`}
</section>`;
}

/** Two stories side by side, as readers saw them. */
function examples({ contents }: Context): Html | false {
  const pair = exampleStories(contents.stories);
  if (!pair) return false;
  const judged = pair.some(({ judgments }) => judgments > 0);
  const same = pair[0].title === pair[1].title;
  return html`
  <div class="examples" role="group" aria-label="Two of the stories">
    ${pair.map(
      ({ id, title, by, origin, text, right, judgments }) => html`
    <figure class="example of-${origin}"><figcaption><a href="#story-${id}"><b>${title}</b></a>, by <b class="${origin}">${by}</b>${judgments > 0 && html`; ${percentText(right / judgments)} of its readers were right`}</figcaption>
    <blockquote>${text}</blockquote></figure>`,
    )}
  </div>
  <p class="caption">Two of the stories as readers saw them${same ? ", with the same title" : ""}${judged && ", neither the easiest nor the hardest to judge"}.</p>`;
}

const percentText = (share: number): string => unbroken(percent(share));

/** A sentence refers to the figures and tables that follow it. */
function blocksOf(blocks: readonly Block[], context: Context): Html[] {
  return blocks.map((block, at) => {
    if (block.finding.kind !== "sentence") return blockOf(block, context);
    const after = blocks.slice(at + 1);
    const end = after.findIndex(({ finding }) => finding.kind === "sentence");
    const shown = end < 0 ? after : after.slice(0, end);
    return paragraph(block.finding, shown, context);
  });
}

function blockOf(block: Block, context: Context): Html {
  const { name, finding, label = "" } = block;
  if (finding.kind === "sentence") return paragraph(finding, [], context);
  const caption = html`<b>${unbroken(label)}.</b> ${context.prose.of(`${finding.caption}.`)}${fileLinks(block, context)}`;
  if (finding.kind === "table") return tableBlock(name, caption, finding.caption, finding.table, context);
  const drawing = (width: number) =>
    trusted(drawFigure(finding.figure, `${label}. ${finding.caption}.`, width));
  return html`
  <figure id="${name}">
    <div class="page">${drawing(widths.page)}</div>
    <div class="phone">${drawing(widths.phone)}</div>
    <figcaption>${caption}</figcaption>
    <details class="numbers"><summary>Numbers of ${unbroken(label)}</summary>
    ${tableBlock(`${name}-numbers`, undefined, `Numbers of ${label}`, finding.figure.table, context)}</details>
  </figure>`;
}

const fileLinks = ({ name, finding }: Block, { contents }: Context): Html | false =>
  contents.files &&
  html` <span class="files">${finding.kind === "figure" && html`<a href="figures/${name}.svg">SVG</a> `}<a href="tables/${name}.csv">CSV</a></span>`;

function paragraph(
  { text, role }: Extract<Finding, { kind: "sentence" }>,
  shown: readonly Block[],
  { prose }: Context,
): Html {
  const ends = text.endsWith(".") && shown.length > 0;
  const references = ends
    ? html` (${shown.map(({ name, label = "" }, at) => html`${at > 0 && ", "}<a href="#${name}">${unbroken(label)}</a>`)}).`
    : "";
  const content = html`${prose.of(ends ? text.slice(0, -1) : text)}${references}`;
  if (role === "warning") return html`<p class="warned">${content}</p>`;
  return role === "detail" ? html`<p class="detail">${content}</p>` : html`<p>${content}</p>`;
}

/** A part of the appendix, closed until somebody opens it. */
const chapterDetails = (
  id: string,
  title: string,
  { contents, prose }: Context,
  content: () => Html,
): Html => {
  prose.begin();
  return html`
<details class="chapter" id="${id}"><summary><h3 id="${id}-title">${title}</h3></summary>
  ${syntheticTag(contents.notices)}
  ${content()}
</details>`;
};

const chapterOf = ({ name, question, blocks }: Chapter, context: Context): Html =>
  chapterDetails(name, question, context, () => html`${blocksOf(blocks, context)}`);

const paperChapter = (context: Context): Html =>
  chapterDetails("methods", "Methods and results, ready for a paper", context, () => {
    const { methods, results } = context.contents;
    return html`
  ${methods.length > 0 && html`<h4>Method</h4>${methods.map((text) => html`<p>${context.prose.plain(text)}</p>`)}`}
  ${results.length > 0 && html`<h4>Results</h4>${results.map((text) => html`<p>${context.prose.plain(text)}</p>`)}`}`;
  });

const storiesChapter = (stories: readonly ReportStory[], context: Context): Html =>
  chapterDetails(
    "stories",
    `The ${counted(stories.length, "story", "stories")}, with their judgments`,
    context,
    () => storyReader(stories, context.contents.files),
  );

const provenanceChapter = (context: Context): Html =>
  chapterDetails("provenance", "Versions, seed and files", context, () => {
    const { facts, hashes } = context.contents.provenance;
    return html`
  <div class="table" role="group" tabindex="0" aria-label="Provenance"><table>
    <tbody>
      ${facts.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}
      ${hashes.map(([path, hash]) => html`<tr><th scope="row"><code>${path}</code></th><td><code>${hash}</code></td></tr>`)}
    </tbody>
  </table></div>
  <p class="detail">${counted(hashes.length, "file")} with their SHA-256, as recorded in manifest.json.</p>`;
  });
