import * as spoken from "../text/dialogue.ts";
import type { QuickMeasure } from "./measure.ts";

/** Speech is read from the text as it was written: single quotes and paragraphs tell where a speech ends. */
export const dialogueWords: QuickMeasure = {
  name: "dialogue_words",
  means: "words that are spoken by somebody in the text",
  unit: "words",
  format: "number",
  version: 1,
  of: ({ text }) => spoken.dialogueWords(text.text),
};

export const hasDialogue: QuickMeasure = {
  name: "dialogue",
  means: "whether anything is spoken in the text",
  unit: "yes or no",
  format: "percent",
  version: 1,
  of: ({ text }) => spoken.dialogueWords(text.text) > 0,
};
