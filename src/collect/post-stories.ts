import type { Post } from "./parse/post.ts";
import type { FoundStory } from "./source.ts";

/** The stories of a post, in the format of sources; `place` is its address or file. */
export function storiesOfPost(
  post: Post,
  place: {
    readonly where: string;
    readonly address: string;
    readonly source: string;
    readonly licence: string;
  },
): FoundStory[] {
  return post.stories.map((story, at) => ({
    where: `${place.where}, story ${at + 1}`,
    title: story.title,
    text: story.text,
    author: story.author,
    licence: place.licence,
    source: place.source,
    group: place.address || place.where,
    reprint: story.reprint,
    facts: filled({
      address: place.address,
      post: post.title,
      date: post.date,
      place: story.place,
      note: story.note,
    }),
  }));
}

const filled = (facts: Record<string, string>) =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== ""));
