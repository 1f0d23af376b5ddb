import type { Text } from "../coding/texts.ts";
import type { Story } from "../study/story.ts";
import { shortId } from "../text/hash.ts";
import { RunIndex } from "./run-index.ts";
import { type Similarity, similarityAmong } from "./similarity.ts";

/** What a measure compares a text with: its title, its examples, all human stories, or the training stories. */
export type Comparison = "title" | "examples" | "stories" | "training";

/** The human stories, with indexes that measures use; each index is built on first use. */
export class Corpus {
  readonly stories: readonly Story[];
  #similarity: Similarity | undefined;
  #training: RunIndex | undefined;
  readonly #digests = new Map<Comparison, string>();

  constructor(stories: readonly Story[]) {
    this.stories = stories;
  }

  /** The similarity of two texts, with words weighted by their rarity in the stories. */
  get similarity(): Similarity {
    this.#similarity ??= similarityAmong(this.stories.map(({ text }) => text));
    return this.#similarity;
  }

  /** An index of the runs of words in the training stories. */
  get training(): RunIndex {
    this.#training ??= new RunIndex(this.#trainingStories());
    return this.#training;
  }

  /** A hash of what the text is compared with, for the cache. */
  digest(comparison: Comparison, text: Text): string {
    if (comparison === "title") return text.title;
    if (comparison === "examples") return text.examples.join("\n");
    const known = this.#digests.get(comparison);
    if (known !== undefined) return known;
    const stories = comparison === "training" ? this.#trainingStories() : this.stories;
    const digest = shortId(JSON.stringify(stories.map(({ id, text }) => [id, text])), 20);
    this.#digests.set(comparison, digest);
    return digest;
  }

  #trainingStories = (): readonly Story[] => this.stories.filter(({ split }) => split === "train");
}
