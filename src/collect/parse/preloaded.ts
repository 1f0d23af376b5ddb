import type { CheerioAPI } from "cheerio";
import type { Block, Run } from "./blocks.ts";

/** The article in a page's `window.__preloadedData`. */
export interface PreloadedArticle {
  readonly headline: string;
  readonly date: string;
  readonly blocks: readonly Block[];
}

/**
 * The article in a page's embedded data, which has two formats: `initialData` is a tree, `initialState` (pages of
 * 2018) a table of nodes that refer to each other. Undefined if there is none or it cannot be read.
 */
export function preloadedArticle(page: CheerioAPI): PreloadedArticle | undefined {
  const data = preloadedData(page);
  if (!isNode(data)) return undefined;
  const tree = at(data, "initialData", "data", "article");
  if (isNode(tree)) return articleOf(tree, (value) => value);
  const state = data["initialState"];
  if (!isNode(state)) return undefined;
  const follow = (value: unknown) =>
    isNode(value) && typeof value["id"] === "string" ? (state[value["id"]] ?? value) : value;
  const article = articleNode(state, follow);
  return article && articleOf(article, follow);
}

type Node = Readonly<Record<string, unknown>>;

/** Resolves a reference to its node; returns the value itself in a tree. */
type Follow = (value: unknown) => unknown;

/** The script is JavaScript, not JSON: `undefined` outside strings becomes null. */
function preloadedData(page: CheerioAPI): unknown {
  for (const element of page("script").toArray()) {
    const script = page(element).text();
    const start = /window\.__preloadedData\s*=\s*/.exec(script);
    if (!start) continue;
    const json = script
      .slice(start.index + start[0].length)
      .trim()
      .replace(/;$/, "")
      .replace(/"(?:[^"\\]|\\[\s\S])*"|\bundefined\b/g, (token) => (token === "undefined" ? "null" : token));
    try {
      return JSON.parse(json);
    } catch {
      return undefined;
    }
  }
  return undefined;
}

/** The article in the table of nodes, found through the page's own query. */
function articleNode(state: Node, follow: Follow): Node | undefined {
  const query = follow({ id: "ROOT_QUERY" });
  const linkedNodes = isNode(query)
    ? Object.entries(query).flatMap(([key, value]) =>
        key.startsWith("workOrLocation") ? [follow(value)] : [],
      )
    : [];
  const article = [...linkedNodes, ...Object.values(state)].find(
    (node) => isNode(node) && (isNode(node["sprinkledBody"]) || isNode(node["body"])),
  );
  return isNode(article) ? article : undefined;
}

function articleOf(article: Node, follow: Follow): PreloadedArticle {
  const body = follow(article["sprinkledBody"] ?? article["body"]);
  const headline = follow(article["headline"]);
  return {
    headline: isNode(headline) ? firstString(headline, "default", "default@stripHtml") : "",
    date: firstString(article, "firstPublished", "datePublished", "lastMajorModification"),
    blocks: isNode(body) ? contentOf(body, follow).flatMap((block) => blockOf(block, follow)) : [],
  };
}

function blockOf(node: Node, follow: Follow): Block[] {
  const kind = /^Heading\dBlock$/.test(typeOf(node))
    ? "heading"
    : typeOf(node) === "ParagraphBlock"
      ? "paragraph"
      : undefined;
  if (!kind) return [];
  let bold = true;
  let linked = true;
  const runs = contentOf(node, follow).flatMap((inline): Run[] => {
    if (typeOf(inline) === "LineBreakInline") return [{ text: "\n", italic: false }];
    const text = firstString(inline, "text", "text@stripHtml");
    const formats = listOf(inline["formats"]).map((format) => typeOf(follow(format)) || typeOf(format));
    if (text.trim() !== "") {
      bold &&= formats.includes("BoldFormat");
      linked &&= formats.includes("LinkFormat");
    }
    return text === "" ? [] : [{ text, italic: formats.includes("ItalicFormat") }];
  });
  return runs.some(({ text }) => text.trim() !== "") ? [{ kind, runs, bold, linked }] : [];
}

const contentOf = (node: Node, follow: Follow): Node[] =>
  listOf(node["content@filterEmpty"] ?? node["content"])
    .map(follow)
    .filter(isNode);

/** A reference has the type as `typename`, a node as `__typename`. */
const typeOf = (node: unknown): string => (isNode(node) ? firstString(node, "__typename", "typename") : "");

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function firstString(node: Node, ...keys: string[]): string {
  for (const key of keys) if (typeof node[key] === "string") return node[key];
  return "";
}

function at(node: Node, ...keys: string[]): unknown {
  let value: unknown = node;
  for (const key of keys) value = isNode(value) ? value[key] : undefined;
  return value;
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && !Array.isArray(value);
