import type { Stimulus } from "../study/stimulus.ts";
import type { Phrases } from "../survey/languages.ts";
import type { Item } from "../tasks/items.ts";

/** A form as other systems get it: no origin, no study-wide order; texts and items in the participant's words. */
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

/** What surrounds the questions. */
export interface SurveyTexts {
  readonly name: string;
  readonly title: string;
  readonly consent: string;
  readonly instructions: string;
  readonly language: string;
  readonly words: Phrases;
}

/** Another form system. One file each, one line in `formats.ts`. */
export interface Format {
  readonly name: string;
  readonly summary: string;
  /** Files by name. */
  files(forms: readonly PortableForm[], around: SurveyTexts): Readonly<Record<string, string>>;
}
