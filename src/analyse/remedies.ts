/** What to change in a study whose stories are given away by these features, one piece of advice for each cause, in order. */
export function mendingOf(features: readonly string[]): string[] {
  const causes = features.map(
    (feature) => remedies.find(({ shows }) => shows.includes(feature))?.change ?? ofTable(feature),
  );
  return [...new Set(causes)];
}

/** Features by what puts them there, as `surfaceOf` names them. */
const remedies: readonly { readonly shows: readonly string[]; readonly change: string }[] = [
  {
    shows: ["words"],
    change: "clip both sides to one length: bring `compose.words.least` and `most` together",
  },
  {
    shows: ["letters", "letters a word", "different words, share"],
    change:
      "the model uses other words (shorter, longer, or the same ones again), which no clip hides: take a larger or a tuned model (`tinylove tune`), examples nearer to the stories, or against repetition another `temperature` or `repeatPenalty`",
  },
  {
    shows: ["words a sentence"],
    change:
      "sentences are longer on one side: another prompt or another model, or stories whose sentences are like its own",
  },
  {
    shows: ["ends with a full sentence"],
    change:
      "one side breaks off and the other comes to an end: let the clip fall inside every text (`compose.words.most` below the shortest, `tooShort: drop`)",
  },
  {
    shows: [
      ...["commas", "dashes", "quotation marks", "apostrophes", "question and exclamation marks"],
      ...["colons and semicolons", "line breaks", "digits", "capital letters"],
    ],
    change:
      "marks of typography stand more often on one side (compose brings their form to one, not how often they are used): clear what a source or a model adds (headings, lists, line breaks), or take stories, examples or a model that use them alike",
  },
  {
    shows: ["title words in the text"],
    change:
      "one side takes up the words of its title: ask in the prompt that it does not, or take another model",
  },
  {
    shows: ["words in the title"],
    change:
      "the two sides have other titles: have each title on the forms in both versions (more `compose.forms`)",
  },
  {
    shows: ["place in which it was shown"],
    change: "one side was shown earlier: draw the order anew for each reader",
  },
];

const ofTable = (feature: string): string =>
  `make the two sides alike in “${feature}”, a column of the table`;
