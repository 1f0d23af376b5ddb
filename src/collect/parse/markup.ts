import { createRequire } from "node:module";
import type * as Cheerio from "cheerio";
import type { CheerioAPI } from "cheerio";
import type { AnyNode, Element } from "domhandler";
import type { Block, Run } from "./blocks.ts";
import { isExcessive } from "./size.ts";

/** A page parsed for reading; nothing of it is run. Undefined where it is more than any article (see `size.ts`). */
export const pageOf = (html: string): CheerioAPI | undefined =>
  isExcessive(html) ? undefined : cheerio().load(html);

/** The parser takes long to load, so it is loaded at the first page: most commands read none. */
const cheerio = (): typeof Cheerio => createRequire(import.meta.url)("cheerio");

/** Headings and paragraphs of an article's body as its markup gives them. Class names that change are not looked at. */
export function blocksOfMarkup(page: CheerioAPI): Block[] {
  const body = page("section[name=articleBody]").first();
  return body
    .find("h1, h2, h3, p")
    .toArray()
    .filter((element) => page(element).closest("figure, aside, nav, footer").length === 0)
    .map((element) => blockOf(element))
    .filter(({ runs }) => runs.some(({ text }) => text.trim() !== ""));
}

function blockOf(element: Element): Block {
  const runs: Run[] = [];
  let bold = true;
  let linked = true;
  for (const { text, tags } of textsIn(element)) {
    runs.push({ text, italic: tags.has("em") || tags.has("i") });
    if (text.trim() === "") continue;
    bold &&= tags.has("strong") || tags.has("b");
    linked &&= tags.has("a");
  }
  return { kind: /^h\d$/.test(element.name) ? "heading" : "paragraph", runs, bold, linked };
}

interface TextInside {
  readonly text: string;
  /** Names of the elements between the block and the text. */
  readonly tags: ReadonlySet<string>;
}

/** Texts in document order. A stack in place of recursion, for a page may be nested deeper than the call stack. */
function textsIn(block: Element): TextInside[] {
  const texts: TextInside[] = [];
  const waiting: { node: AnyNode; tags: ReadonlySet<string> }[] = [{ node: block, tags: new Set() }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { node, tags } = next;
    if (node.type === "text") texts.push({ text: node.data.replace(/\s+/g, " "), tags });
    if (node.type !== "tag") continue;
    if (node.name === "br") texts.push({ text: "\n", tags });
    const inside = node === block || tags.has(node.name) ? tags : new Set([...tags, node.name]);
    for (let child = node.lastChild; child; child = child.prev) waiting.push({ node: child, tags: inside });
  }
  return texts;
}
