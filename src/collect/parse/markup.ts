import { createRequire } from "node:module";
import type * as Cheerio from "cheerio";
import type { CheerioAPI } from "cheerio";
import type { AnyNode, Element } from "domhandler";
import type { Block, Run } from "./blocks.ts";
import { isExcessive } from "./size.ts";

/** Parses a page without running its scripts. Undefined if it is larger than any article (see `size.ts`). */
export const pageOf = (html: string): CheerioAPI | undefined =>
  isExcessive(html) ? undefined : cheerio().load(html);

/** The parser takes long to load, so it is loaded at the first page: most commands read none. */
const cheerio = (): typeof Cheerio => createRequire(import.meta.url)("cheerio");

/** Headings and paragraphs of an article's body, from its markup. Class names are ignored because they change. */
export function blocksOfMarkup(page: CheerioAPI): Block[] {
  const body = page("section[name=articleBody]").get(0);
  // Not `find` and `closest`, whose time is quadratic in the number of siblings.
  return page("h1, h2, h3, p")
    .toArray()
    .filter((element) => isTextOf(body, element))
    .map((element) => blockOf(element))
    .filter(({ runs }) => runs.some(({ text }) => text.trim() !== ""));
}

/** Whether an element is in the body, and not in a figure, an aside, navigation or a footer. */
function isTextOf(body: Element | undefined, element: Element): boolean {
  for (let above = element.parent; above; above = above.parent) {
    if (above === body) return true;
    if ("name" in above && ["figure", "aside", "nav", "footer"].includes(above.name)) return false;
  }
  return false;
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

/**
 * Texts in document order. Uses a stack instead of recursion, because a page may be nested deeper than the call
 * stack.
 */
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
