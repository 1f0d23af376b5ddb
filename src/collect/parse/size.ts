/** In characters or bytes; articles have a few hundred thousand. */
export const largestPage = 20_000_000;

const mostElements = 20_000;
const deepestNesting = 500;
const mostSpacesInTag = 5_000;

/**
 * Whether a page has more, or more deeply nested, markup than any article. Parsers need quadratic time for some of
 * these, so they are counted first, in one pass. Scripts and comments are skipped.
 */
export function isExcessive(html: string): boolean {
  if (html.length > largestPage) return true;
  let elements = 0;
  let depth = 0;
  for (let at = html.indexOf("<"); at !== -1; at = html.indexOf("<", at)) {
    const [, closes, name = ""] = /^<(\/?)([a-z][a-z0-9-]*|!--)/i.exec(html.slice(at, at + 40)) ?? [];
    const end = endOf(html, at, name.toLowerCase());
    if (closes) {
      depth = Math.max(0, depth - 1);
    } else if (name !== "" && name !== "!--") {
      elements += 1;
      if (!selfClosing.has(name.toLowerCase())) depth += 1;
      if (spacesIn(html, at, end) > mostSpacesInTag) return true;
    }
    if (elements > mostElements || depth > deepestNesting) return true;
    at = end;
  }
  return false;
}

/** Elements without an end tag, or with an optional one. */
const selfClosing = new Set(
  "area base br col embed hr img input link meta source track wbr p li dt dd tr td th thead tbody option script style".split(
    " ",
  ),
);

function endOf(html: string, at: number, name: string): number {
  const mark = name === "!--" ? "-->" : name === "script" || name === "style" ? `</${name}` : ">";
  const found = html.indexOf(mark, at + 1);
  return found === -1 ? html.length : found + 1;
}

function spacesIn(html: string, from: number, to: number): number {
  if (to - from < mostSpacesInTag || html.startsWith("<script", from) || html.startsWith("<style", from))
    return 0;
  let count = 0;
  for (let at = html.indexOf(" ", from); at !== -1 && at < to; at = html.indexOf(" ", at + 1)) count += 1;
  return count;
}
