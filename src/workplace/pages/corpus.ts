import type { Story } from "../../study/story.ts";
import { html } from "../../text/html.ts";
import { corpusOf, itemList } from "../item-list.ts";
import { storyCard } from "../page-layout.ts";
import type { WorkplacePage } from "../workplace-page.ts";

/** The stories of the corpus. */
export const corpusPage: WorkplacePage = {
  path: "/study/corpus",
  title: "Corpus",
  body: async (request, { study }) =>
    itemList(request, "/study/corpus", await corpusOf(study), 30, (story) =>
      storyCard(story.title, detailsOf(story), html`${story.text}`),
    ),
};

const detailsOf = ({ origin, words, split }: Story): string =>
  `${origin.by === "human" ? `${origin.author || "unknown author"} · ${origin.source}` : "machine"} · ${words} words · ${split}`;
