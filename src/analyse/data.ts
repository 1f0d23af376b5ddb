import type { Frozen, Registration } from "../registration/registration.ts";
import type { Origin } from "../stats/judgments.ts";
import type { ClipSummary } from "../study/clip-summary.ts";
import type { Coder } from "../study/coding.ts";
import type { CorpusSummary } from "../study/corpus.ts";
import type { Generation } from "../study/generation.ts";
import type { AnalyseSettings } from "../study/settings/analyse.ts";
import type { Stimulus } from "../study/stimulus.ts";

export type { Origin };

/** What was asked: of one story, human or machine; of two, which is human; or a number on a scale. */
export type Kind = "choices" | "pairs" | "ratings";

/** What analyses read: every answer with what is known of what was shown. */
export interface Data {
  readonly settings: AnalyseSettings;
  readonly choices: readonly Choice[];
  readonly pairs: readonly Pair[];
  readonly ratings: readonly Rating[];
  /** Kinds of questions that are asked, answered or not. */
  readonly asks: ReadonlySet<Kind>;
  /** Forms in order of name, also those that nobody took; empty where a table says nothing of forms. */
  readonly forms: readonly FormFacts[];
  /** What is known of each story beside its origin (its length, its dialogue), by stimulus and name of measure. */
  readonly measures: ReadonlyMap<string, Readonly<Record<string, number>>>;
  /** Answers to questions that only see whether questions are read. */
  readonly checks: readonly { readonly participant: string; readonly passed: boolean }[];
  /** Rows that could not be used, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** True when any answer was simulated. */
  readonly simulated: boolean;
  /** What was left out by the declared rules, once they have been applied. */
  readonly excluded?: Excluded;
  /** What stands around the judgments, where they are a study's own. */
  readonly study?: StudyFacts;
}

/** What the declared rules left out, and the data as they were before. */
export interface Excluded {
  readonly before: Data;
  readonly rules: readonly ExcludedBy[];
}

/** What one rule left out; what an earlier rule took is not counted again. */
export interface ExcludedBy {
  readonly rule: string;
  readonly readers: number;
  readonly answers: number;
}

interface Answer {
  readonly participant: string;
  /** Empty where there are no forms. */
  readonly form: string;
  /** From 1, in the order shown. */
  readonly order?: number;
  /** Reading and answering time in milliseconds. */
  readonly ms?: number;
  /** What else the answer repeats by, where the settings declare it: its class, wave, author. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A story with what is known of it; empty strings where it is not known, or where a human text has no model. */
export interface Shown {
  readonly stimulus: string;
  readonly origin: Origin;
  readonly model: string;
  readonly example: string;
  readonly title: string;
}

/** One story, judged to be human or machine. */
export interface Choice extends Answer, Shown {
  readonly answer: Origin;
  readonly right: boolean;
  /** From 1 (a guess) upwards. */
  readonly confidence?: number;
  readonly reason: string;
}

/** Two stories side by side, or more: which one is human? */
export interface Pair extends Answer {
  /** Names what was judged: both stimuli, or what the table calls it. */
  readonly stimulus: string;
  /** How many stories were shown together; 2 unless given. */
  readonly options?: number;
  /** `left` or `right` of two, a number from 1 of more. */
  readonly humanSide: string;
  /** The same, or `tie` where a reader could not choose. */
  readonly chosenSide: string;
  /** Who wrote the text on either side of two; `human` for the human one. */
  readonly left: string;
  readonly right: string;
  /** The stimuli on either side of two, where they are known. */
  readonly leftStory?: string;
  readonly rightStory?: string;
  /** The title that the stories share, or that of the human one; empty where it is not known. */
  readonly title?: string;
}

/** One story, put on a scale. */
export interface Rating extends Answer, Shown {
  readonly task: string;
  readonly rating: number;
  /** Which emotion the story left most of all, where it was asked. */
  readonly emotion?: string;
}

export interface FormFacts {
  readonly id: string;
  /** Stories on it that are judged human or machine. */
  readonly choices: number;
  readonly stories: Readonly<Record<Origin, number>>;
}

export interface StudyFacts {
  /** What was frozen before the data, beside what is there now; undefined where nothing was. */
  readonly registration: { readonly frozen: Registration; readonly now: Frozen } | undefined;
  readonly title: string;
  readonly corpus: CorpusSummary | undefined;
  readonly clip: ClipSummary | undefined;
  readonly generations: readonly Generation[];
  /** Who coded the generations that something was asked of beyond the title; absent where nothing was. */
  readonly coders?: readonly Coder[];
  readonly stimuli: readonly (Stimulus & Shown)[];
  /** The generation that each machine's stimulus was clipped from, by its id. */
  readonly behind: ReadonlyMap<string, string>;
}

/** Participants in order of first appearance. */
export const readersOf = (answers: readonly { readonly participant: string }[]): string[] => [
  ...new Set(answers.map(({ participant }) => participant)),
];
