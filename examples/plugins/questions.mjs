// A measure: a number for every text, human or machine. It is a column of corpus/codes.csv and a row of the report's
// description of the corpus.
import { defineMeasure, sentencesOf } from "tinylove";

export default defineMeasure({
  name: "questions",
  meaning: "sentences that end in a question mark",
  unit: "share of sentences",
  format: "percent",
  // `text.plain` is the text on one line with straight quotes. Undefined: the measure is not defined for this text.
  of(text) {
    const sentences = sentencesOf(text.plain);
    if (sentences.length === 0) return undefined;
    return sentences.filter((sentence) => /\?["')]*$/.test(sentence.trim())).length / sentences.length;
  },
});
