import type { Frozen, Registration } from "../registration/registration.ts";
import type { Origin } from "../stats/judgments.ts";
import type { ClipSummary } from "../study/clip-summary.ts";
import type { Coder } from "../study/coding.ts";
import type { CorpusSummary } from "../study/corpus.ts";
import type { Generation } from "../study/generation.ts";
import type { AnalyseSettings } from "../study/settings/analyse.ts";
import type { Stimulus } from "../study/stimulus.ts";

export type { Origin };

/**
 * Kind of question: one story, human or machine (`choices`); which of two is human (`pairs`); a scale (`ratings`); and not
 * about origin: one or several of some options (`picks`), which of two is better (`preferences`), free text (`texts`).
 */
export type QuestionKind = "choices" | "pairs" | "ratings" | "picks" | "preferences" | "texts";

/** The input of the analyses: every answer with what is known about its stories. */
export interface Data {
  readonly settings: AnalyseSettings;
  readonly choices: readonly Choice[];
  /**
   * Choices of readers who were told who wrote the story, truly or not. They say nothing about what readers recognise, so
   * only `conditions` uses them. Absent if there are none.
   */
  readonly toldChoices?: readonly Choice[];
  readonly pairs: readonly Pair[];
  readonly ratings: readonly Rating[];
  /** Chosen options, for questions that are not about origin. Absent if there are none, as the next two. */
  readonly picks?: readonly PickedOptions[];
  readonly preferences?: readonly Preference[];
  readonly texts?: readonly StoryText[];
  /** The tasks that a reader who finished may have left out; absent if there are none. */
  readonly optionalTasks?: ReadonlySet<string>;
  /** The names of the conditions in which stories were read, the reference first; absent without `compose.conditions`. */
  readonly conditions?: readonly string[];
  /** The groups of readers that the settings compare; absent if there are none. */
  readonly groups?: readonly ReaderGrouping[];
  /** The kinds of questions asked, answered or not. */
  readonly questionKinds: ReadonlySet<QuestionKind>;
  /** All forms, sorted by name, also unused ones; empty for a table without forms. */
  readonly forms: readonly FormFacts[];
  /** Measures of each story (its length, its dialogue), by stimulus and name of the measure. */
  readonly measures: ReadonlyMap<string, Readonly<Record<string, number>>>;
  /** Answers to attention checks. */
  readonly checks: readonly { readonly participant: string; readonly passed: boolean }[];
  /** Signs of a program in the answers of each participant: columns of participants.csv. Absent for other tables. */
  readonly botSignals?: ReadonlyMap<string, BotSignalCounts>;
  /** Number of unusable rows, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** True when any answer was simulated. */
  readonly simulated: boolean;
  /** What the declared rules excluded, once they have been applied. */
  readonly excluded?: Excluded;
  /** The study, if the judgments belong to one. */
  readonly study?: StudyFacts;
}

/** On how many pages a participant filled in the hidden field, and pasted text. */
export interface BotSignalCounts {
  readonly filledTraps: number;
  readonly pastedAnswers: number;
}

/** Readers divided into groups, or ordered by a number. */
export interface ReaderGrouping {
  /** The question about the reader, or the name of a scale. */
  readonly name: string;
  /** Not declared before data collection. */
  readonly exploratory: boolean;
  /** The groups in order, the reference first; absent if `of` gives numbers. */
  readonly groups?: readonly string[];
  /** The group or number of every reader who answered, by participant. */
  readonly of: ReadonlyMap<string, string | number>;
}

/** The exclusions by the declared rules, and the data before them. */
export interface Excluded {
  readonly before: Data;
  readonly rules: readonly ExcludedBy[];
}

/** The exclusions by one rule that no earlier rule had made. */
export interface ExcludedBy {
  readonly rule: string;
  readonly readers: number;
  readonly answers: number;
}

interface Answer {
  readonly participant: string;
  /** Empty where there are no forms. */
  readonly form: string;
  /** The condition in which the story was read, and what was said about its author, in a study with conditions. */
  readonly condition?: string;
  readonly told?: string;
  /** From 1, in the order shown. */
  readonly order?: number;
  /** Reading and answering time in milliseconds. */
  readonly ms?: number;
  /** Further cluster labels that the settings declare: class, wave, author. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What is known about a story; an empty string means unknown (or, for `model`, a human story). */
export interface StoryFacts {
  readonly stimulus: string;
  readonly origin: Origin;
  readonly model: string;
  readonly example: string;
  readonly title: string;
}

/** One story, judged to be human or machine. */
export interface Choice extends Answer, StoryFacts {
  readonly answer: Origin;
  readonly right: boolean;
  /** From 1 (a guess) upwards. */
  readonly confidence?: number;
  readonly reason: string;
}

/** Two stories side by side, or more: which one is human? */
export interface Pair extends Answer {
  /** The two stimulus ids, or the table's own name of the pair. */
  readonly stimulus: string;
  /** How many stories were shown together, 2 by default. */
  readonly options?: number;
  /** `left` or `right` for two stories, a position from 1 for more. */
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

/** One story, rated on a scale. */
export interface Rating extends Answer, StoryFacts {
  readonly task: string;
  readonly rating: number;
  /** The strongest emotion that the story left, if asked. */
  readonly emotion?: string;
}

/** Options chosen for one story. */
export interface PickedOptions extends Answer, StoryFacts {
  readonly task: string;
  /** The chosen options; several only where the question allows it. */
  readonly chosen: readonly string[];
}

/** Which of two stories is better by some criterion; `humanSide` is then the side of the human one, `chosenSide` the better one. */
export interface Preference extends Pair {
  readonly task: string;
}

/** Free text about a story or a pair. */
export interface StoryText extends Answer {
  readonly task: string;
  readonly stimulus: string;
  /** The stories, in the form's order. */
  readonly stories: readonly StoryFacts[];
  readonly text: string;
}

export interface FormFacts {
  readonly id: string;
  /** Number of its stories that are judged human or machine. */
  readonly choices: number;
  readonly stories: Readonly<Record<Origin, number>>;
}

export interface StudyFacts {
  /** What was frozen before data collection, and its current state; undefined without a registration. */
  readonly registration: { readonly frozen: Registration; readonly now: Frozen } | undefined;
  readonly title: string;
  readonly corpus: CorpusSummary | undefined;
  readonly clip: ClipSummary | undefined;
  readonly generations: readonly Generation[];
  /** Who took part, and what they said about themselves and at the end. */
  readonly people?: PeopleFacts;
  /** Coders of the generations whose prompt asked for more than the title; absent if there are none. */
  readonly coders?: readonly Coder[];
  readonly stimuli: readonly (Stimulus & StoryFacts)[];
  /** The generation of each machine stimulus, by the stimulus id. */
  readonly generationOf: ReadonlyMap<string, string>;
}

/** The participants of a study, besides their judgments. */
export interface PeopleFacts {
  /** How often an unknown browser opened the survey; undefined where nobody counted. */
  readonly visits: number | undefined;
  readonly started: number | undefined;
  readonly completed: number | undefined;
  /** The days of the first and the last answer, as in 2026-03-01; undefined for simulated answers. */
  readonly days: readonly [first: string, last: string] | undefined;
  /** The questions about themselves, with each participant's answer. */
  readonly about: readonly AboutQuestion[];
  /** Free remarks after the stories. */
  readonly comments: readonly { readonly participant: string; readonly text: string }[];
  /** Themes of free answers, by field (a question's name, `reason`, `comment`) and answer. */
  readonly themes: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

export interface AboutQuestion {
  readonly name: string;
  /** The question as participants read it. */
  readonly ask: string;
  readonly kind: "options" | "number" | "text";
  /** The fixed answers, in order; empty for others. */
  readonly options: readonly string[];
  readonly answers: ReadonlyMap<string, string>;
}

/** Participants in order of first appearance. */
export const readersOf = (answers: readonly { readonly participant: string }[]): string[] => [
  ...new Set(answers.map(({ participant }) => participant)),
];
