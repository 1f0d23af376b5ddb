import type { Origin } from "../stats/judgments.ts";
import type { Stimulus } from "../study/stimulus.ts";
import { taskNamed } from "../tasks/tasks.ts";
import { readKey } from "../workbench/artefacts.ts";
import type { Effects } from "../workbench/effects.ts";
import type { Study } from "../workbench/study.ts";
import {
  type AccuracySoFar,
  accuracySoFar,
  type ParticipantProgress,
  type ProgressSummary,
  progressSummaryOf,
} from "./progress-summary.ts";
import { newInvitation } from "./recruiting.ts";
import type { Store } from "./store/store.ts";

/** What the researcher sees of a survey and does with it, besides the answers themselves. Everything in it can be sent as JSON. */
export interface SurveyAccess {
  status(): Promise<SurveyStatus>;
  /** What participants wrote in their own words, the newest first. */
  comments(): Promise<readonly Comment[]>;
  /** One participant's answers in the order shown, without who wrote a story; undefined for an unknown id. */
  person(id: string): Promise<Person | undefined>;
  /** Whether newcomers are turned away; those who have begun can always finish. */
  setPaused(paused: boolean): Promise<void>;
  /** The accuracy so far. Each look before the end is recorded. */
  look(): Promise<readonly AccuracySoFar[]>;
  /** New personal links, as addresses inside the survey. */
  invitations(count: number): Promise<readonly string[]>;
  /** A coder's personal link; throws StudyError for an invalid name. */
  coderLink(asked: Readonly<Record<string, string>>): Promise<CoderLink>;
}

/** The texts that a coder's link opens, and its address inside the survey. */
export interface CoderLink {
  readonly name: string;
  readonly textSet: string;
  readonly count: number;
  readonly path: string;
}

export interface SurveyStatus {
  readonly progress: ProgressSummary;
  readonly paused: boolean;
  /** When somebody looked at the accuracy. */
  readonly looks: readonly string[];
  readonly participants: readonly Omit<ParticipantProgress, "plan">[];
}

export interface Comment {
  readonly participant: string;
  readonly at: number;
  readonly task: string;
  readonly title: string;
  readonly text: string;
}

export interface Person {
  readonly id: string;
  readonly form: string;
  readonly started: number;
  readonly completed: number | undefined;
  readonly withdrawn: number | undefined;
  readonly questions: number;
  readonly answers: readonly {
    readonly task: string;
    readonly titles: readonly string[];
    readonly response: Readonly<Record<string, unknown>>;
    readonly ms: number | null;
    readonly at: number;
  }[];
}

interface Monitored {
  readonly study: Study;
  readonly store: Store;
  readonly forms: readonly string[];
  readonly stimuli: ReadonlyMap<string, Stimulus>;
  readonly effects: Pick<Effects, "now">;
  /** Called after a look; resolves when `judgments/looks.csv` records it. */
  onLook(): Promise<void>;
  makeCoderLink(signingKey: string, asked: Readonly<Record<string, string>>): Promise<CoderLink>;
}

/** A survey whose store is open in this process. */
export function monitorOf({
  study,
  store,
  forms,
  stimuli,
  effects,
  onLook,
  makeCoderLink,
}: Monitored): SurveyAccess {
  const titleOf = (id: string) => stimuli.get(id)?.title ?? id;
  const titlesOf = (json: string) => (JSON.parse(json) as string[]).map(titleOf);
  return {
    async status() {
      const participants = await store.records.participantProgress();
      return {
        progress: progressSummaryOf(participants, forms, effects.now(), await store.metadata.visits()),
        paused: await store.metadata.paused(),
        looks: await store.metadata.looks(),
        participants: participants.map(({ plan: _, ...participant }) => participant),
      };
    },
    async comments() {
      const found: Comment[] = [];
      for await (const { answers } of store.records.inBatches())
        for (const { participant, at, task, stimuli: shown, response } of answers)
          for (const text of ownWords(task, JSON.parse(response)))
            found.push({ participant, at, task, title: titlesOf(shown).join(" / "), text });
      return found.sort((one, other) => other.at - one.at).slice(0, mostComments);
    },
    async person(id) {
      const participant = await store.byId(id);
      if (!participant) return undefined;
      const { plan, ...known } = participant;
      const answers = (await store.records.of(id)).map(({ task, stimuli: shown, response, ms, at }) => ({
        task,
        titles: titlesOf(shown),
        response: JSON.parse(response) as Record<string, unknown>,
        ms,
        at,
      }));
      return { ...known, questions: plan.length, answers };
    },
    setPaused: (paused) => store.metadata.setPaused(paused),
    async look() {
      await store.metadata.recordLook(effects.now());
      await onLook();
      const { answers } = await store.records.all();
      const origins = new Map<string, Origin>(
        [...(await readKey(study))].map(([id, { origin }]) => [id, origin]),
      );
      return accuracySoFar(answers, origins);
    },
    coderLink: async (asked) => makeCoderLink(await store.signingKey(), asked),
    async invitations(count) {
      const signingKey = await store.signingKey();
      return Array.from({ length: count }, () => `/?invitation=${newInvitation(signingKey)}`);
    },
  };
}

const mostComments = 500;

/** The texts that a participant wrote: an answer in own words, or a reason. */
function ownWords(task: string, response: Readonly<Record<string, unknown>>): string[] {
  const { answer, reason } = response;
  return [taskNamed(task)?.kind === "text" ? answer : undefined, reason].filter(
    (text): text is string => typeof text === "string" && text.trim() !== "",
  );
}
