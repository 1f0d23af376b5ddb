import type { Stimulus } from "../study/stimulus.ts";
import type { Phrases } from "../survey/languages.ts";
import type { Item } from "../tasks/items.ts";

/** A form as other systems get it: without origins; texts and items in the survey's language. */
export interface PortableForm {
  readonly id: string;
  readonly questions: readonly PortableQuestion[];
}

export interface PortableQuestion {
  readonly id: string;
  readonly task: string;
  readonly stimuli: readonly Stimulus[];
  readonly items: readonly Item[];
}

/** The texts of the survey other than its questions. */
export interface SurveyTexts {
  /** The name of the study. */
  readonly name: string;
  readonly title: string;
  readonly consent: string;
  readonly instructions: string;
  readonly language: string;
  readonly words: Phrases;
}
