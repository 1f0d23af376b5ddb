import type { Stimulus } from "../study/stimulus.ts";
import type { Phrases } from "../survey/languages.ts";
import type { Item } from "../tasks/items.ts";

/** A form as other systems get it: without origins; texts and items in the survey's language. */
export interface PortableForm {
  readonly id: string;
  /** Paragraphs that its condition adds to the instructions. */
  readonly instructions: readonly string[];
  readonly questions: readonly PortableQuestion[];
}

export interface PortableQuestion {
  readonly id: string;
  readonly task: string;
  /** The texts as they are shown: whole, if the condition says so. */
  readonly stimuli: readonly Stimulus[];
  /** What is written above the story about its author: `human`, `machine` or a name. */
  readonly told?: string | undefined;
  readonly items: readonly Item[];
}

/** The texts of the survey other than its questions. */
export interface SurveyTexts {
  /** The name of the study. */
  readonly name: string;
  readonly title: string;
  readonly consent: string;
  readonly instructions: string;
  /** The debriefing after the last answer; may be empty. */
  readonly debrief: string;
  readonly language: string;
  readonly words: Phrases;
}
