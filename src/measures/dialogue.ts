import * as spoken from "../text/dialogue.ts";
import type { QuickMeasure } from "./measure.ts";

/** Uses the original text: single quotes and paragraphs show where a speech ends. */
export const dialogueWords: QuickMeasure = {
  name: "dialogue_words",
  label: "words of dialogue",
  meaning: "words of dialogue",
  unit: "words",
  format: "number",
  version: 2,
  of: ({ text }) => spoken.dialogueWords(text.text),
};

export const hasDialogue: QuickMeasure = {
  name: "dialogue",
  meaning: "whether the text has dialogue",
  unit: "yes or no",
  format: "percent",
  version: 2,
  of: ({ text }) => spoken.dialogueWords(text.text) > 0,
};
