import type { CheerioAPI } from "cheerio";
import { blocksOfMarkup, pageOf } from "./markup.ts";
import { preloadedArticle } from "./preloaded.ts";
import { type PostStory, storiesOf } from "./stories.ts";

/** One page of a collection of stories. */
export interface Post {
  /** The page's headline; empty where it gives none. */
  readonly title: string;
  /** The address that the page calls its own; empty where it gives none. */
  readonly address: string;
  /** `2021-03-02`; empty where it gives none. */
  readonly date: string;
  readonly stories: readonly PostStory[];
}

/**
 * Reads a post from its page: from the article's markup, or from the data beside it where that holds more (a page
 * saved before it was drawn). Never throws: a page without stories is a post without stories.
 */
export function parsePost(html: string): Post {
  const page = pageOf(html);
  return page ? postOf(page) : { title: "", address: "", date: "", stories: [] };
}

/** As `parsePost`, of a page that is already parsed. */
export function postOf(page: CheerioAPI): Post {
  const preloaded = preloadedArticle(page);
  const drawn = storiesOf(blocksOfMarkup(page));
  const data = storiesOf(preloaded?.blocks ?? []);
  const meta = (selector: string, attribute: string) => page(selector).first().attr(attribute)?.trim() ?? "";
  return {
    title:
      page("h1").first().text().trim() ||
      meta("meta[property='og:title']", "content") ||
      (preloaded?.headline ?? ""),
    address: meta("link[rel=canonical]", "href") || meta("meta[property='og:url']", "content"),
    date: dayOf(
      meta("meta[property='article:published_time']", "content") ||
        meta("time[datetime]", "datetime") ||
        (preloaded?.date ?? ""),
    ),
    stories: told(data) > told(drawn) ? data : drawn,
  };
}

const told = (stories: readonly PostStory[]) => stories.filter(({ text }) => text !== "").length;

const dayOf = (time: string) => /^\d{4}-\d\d-\d\d/.exec(time)?.[0] ?? "";
