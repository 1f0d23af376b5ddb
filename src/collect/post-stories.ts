import type { Post } from "./parse/post.ts";
import type { FoundStory } from "./source.ts";

/** The stories of a post, in the format of sources; `page` is where the post was found. */
export function storiesOfPost(
  post: Post,
  page: {
    readonly where: string;
    readonly address: string;
    readonly source: string;
    readonly licence: string;
  },
): FoundStory[] {
  return post.stories.map((story, at) => ({
    where: `${page.where}, story ${at + 1}`,
    title: story.title,
    text: story.text,
    author: story.author,
    licence: page.licence,
    source: page.source,
    group: page.address || page.where,
    reprint: story.reprint,
    facts: filled({
      address: page.address,
      post: post.title,
      date: post.date,
      place: story.place,
      note: story.note,
    }),
  }));
}

const filled = (facts: Record<string, string>) =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== ""));
