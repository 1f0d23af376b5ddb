import * as spoken from "../text/dialogue.ts";
import type { QuickMeasure } from "./measure.ts";

/** Uses the original text: single quotes and paragraphs show where a speech ends. */
export const dialogueWords: QuickMeasure = {
  name: "dialogue_words",
  label: "words of dialogue",
  means: "words of dialogue",
  unit: "words",
  format: "number",
  version: 2,
  of: ({ text }) => spoken.dialogueWords(text.text),
};

export const hasDialogue: QuickMeasure = {
  name: "dialogue",
  means: "whether the text has dialogue",
  unit: "yes or no",
  format: "percent",
  version: 2,
  of: ({ text }) => spoken.dialogueWords(text.text) > 0,
};
