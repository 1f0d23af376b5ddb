import type { Text } from "../coding/texts.ts";
import type { Story } from "../study/story.ts";
import { shortId } from "../text/hash.ts";
import { type Likeness, likenessAmong } from "./likeness.ts";
import { RunIndex } from "./run-index.ts";

/** The text's own title, its examples, all stories of the corpus, or the ones to learn from. */
export type Comparison = "title" | "examples" | "stories" | "training";

/** The human stories as measures look things up in them; what is costly is made when first asked for. */
export class Corpus {
  readonly stories: readonly Story[];
  #likeness: Likeness | undefined;
  #training: RunIndex | undefined;
  readonly #digests = new Map<Comparison, string>();

  constructor(stories: readonly Story[]) {
    this.stories = stories;
  }

  /** How alike a title and a text are, words weighted by how rare they are in the stories. */
  get likeness(): Likeness {
    this.#likeness ??= likenessAmong(this.stories.map(({ text }) => text));
    return this.#likeness;
  }

  /** The runs of words of the training stories, by story. */
  get training(): RunIndex {
    this.#training ??= new RunIndex(this.#trainingStories());
    return this.#training;
  }

  /** What a value that looks at this depends on, as a short name. */
  digest(beside: Comparison, text: Text): string {
    if (beside === "title") return text.title;
    if (beside === "examples") return text.examples.join("\n");
    const held = this.#digests.get(beside);
    if (held !== undefined) return held;
    const stories = beside === "training" ? this.#trainingStories() : this.stories;
    const digest = shortId(JSON.stringify(stories.map(({ id, text }) => [id, text])), 20);
    this.#digests.set(beside, digest);
    return digest;
  }

  #trainingStories = (): readonly Story[] => this.stories.filter(({ split }) => split === "train");
}
