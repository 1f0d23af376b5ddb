// A model: a Markov chain, which continues a text with words that followed its last words in the training stories.
// study.yaml uses it with `generate: {models: [{address: "markov:stories", order: 1}]}`.
import { defineModel, randomFrom, readStories, z } from "tinylove";

export default defineModel({
  scheme: "markov",
  summary: "a Markov chain over the words of the training stories",
  // Its own settings, in addition to those of every model (name, prompt, parallel, tokens, temperature ...).
  settings: {
    order: z.int().min(1).max(4).default(1).describe("Words that the next word depends on."),
  },
  async open({ order }, study) {
    const stories = (await readStories(study)).filter(({ split }) => split === "train");
    const chain = chainOf(stories, order);
    return {
      // `sampling` has the requested numbers of tokens; here a word counts as a token.
      async write({ prompt, seed, sampling }) {
        const random = randomFrom(seed, "markov");
        const length = random.integer(sampling.leastTokens, sampling.mostTokens);
        const words = [...random.pick(chain.starts)];
        while (words.length < length) {
          const next = chain.next.get(words.slice(-order).join(" "));
          // If the chain ends, it continues from the beginning of another story.
          words.push(...(next ? [random.pick(next)] : random.pick(chain.starts)));
        }
        return {
          raw: ` ${words.join(" ")}`,
          end: "limit",
          tokens: { prompt: prompt.text.split(/\s+/).length, generated: words.length },
        };
      },
    };
  },
});

function chainOf(stories, order) {
  const starts = [];
  const next = new Map();
  for (const { text } of stories) {
    const words = text.split(/\s+/).filter(Boolean);
    starts.push(words.slice(0, order));
    for (let at = 0; at + order < words.length; at++) {
      const before = words.slice(at, at + order).join(" ");
      next.set(before, [...(next.get(before) ?? []), words[at + order]]);
    }
  }
  return { starts, next };
}
