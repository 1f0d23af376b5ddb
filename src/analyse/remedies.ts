/** Advice for a study whose stories can be recognised by these features: one item for each cause, in order. */
export function remediesFor(features: readonly string[]): string[] {
  const causes = features.map(
    (feature) => remedies.find(({ shows }) => shows.includes(feature))?.change ?? remedyForColumn(feature),
  );
  return [...new Set(causes)];
}

/** Features (as `surfaceFeatures` names them) by their cause. */
const remedies: readonly { readonly shows: readonly string[]; readonly change: string }[] = [
  {
    shows: ["words"],
    change:
      "clip human and machine stories to one length: set `compose.words.least` and `most` closer together",
  },
  {
    shows: ["letters", "letters a word", "different words, share"],
    change:
      "the model uses different words (shorter, longer or repeated): use a larger or tuned model (`tinylove tune`), examples closer to the stories, or, against repetition, another `temperature` or `repeatPenalty`",
  },
  {
    shows: ["words a sentence"],
    change: "sentence lengths differ: use another prompt or model, or human stories with similar sentences",
  },
  {
    shows: ["ends with a full sentence"],
    change:
      "only one side ends with complete sentences: make the clip cut every text (`compose.words.most` below the shortest, `tooShort: drop`)",
  },
  {
    shows: [
      ...["commas", "dashes", "quotation marks", "apostrophes", "question and exclamation marks"],
      ...["colons and semicolons", "line breaks", "digits", "capital letters"],
    ],
    change:
      "typographical marks are more frequent on one side (compose unifies their form, not their frequency): remove what a source or a model adds (headings, lists, line breaks), or use stories, examples or a model with similar frequencies",
  },
  {
    shows: ["title words in the text"],
    change: "one side repeats the words of its title: forbid it in the prompt, or use another model",
  },
  {
    shows: ["words in the title"],
    change:
      "human and machine stories have different titles: show each title in both versions (more `compose.forms`)",
  },
  {
    shows: ["place in which it was shown"],
    change: "one side was shown earlier: randomise the order for each reader",
  },
];

const remedyForColumn = (feature: string): string =>
  `make human and machine stories more similar in “${feature}”, a column of the table`;
