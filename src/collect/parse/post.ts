import type { CheerioAPI } from "cheerio";
import { blocksOfMarkup, pageOf } from "./markup.ts";
import { preloadedArticle } from "./preloaded.ts";
import { type PostStory, storiesOf } from "./stories.ts";

/** One page of a collection of stories. */
export interface Post {
  /** The page's headline, or empty. */
  readonly title: string;
  /** The page's canonical address, or empty. */
  readonly address: string;
  /** `2021-03-02`, or empty. */
  readonly date: string;
  readonly stories: readonly PostStory[];
}

/**
 * Reads a post from its page: from the markup, or from the embedded data if that has more stories (a page saved
 * before it was rendered). Never throws: a page without stories gives a post without stories.
 */
export function parsePost(html: string): Post {
  const page = pageOf(html);
  return page ? postOf(page) : { title: "", address: "", date: "", stories: [] };
}

/** As `parsePost`, for a page that is already parsed. */
export function postOf(page: CheerioAPI): Post {
  const preloaded = preloadedArticle(page);
  const rendered = storiesOf(blocksOfMarkup(page));
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
    stories: storyCount(data) > storyCount(rendered) ? data : rendered,
  };
}

const storyCount = (stories: readonly PostStory[]) => stories.filter(({ text }) => text !== "").length;

const dayOf = (time: string) => /^\d{4}-\d\d-\d\d/.exec(time)?.[0] ?? "";
