import type { Origin } from "../stats/judgments.ts";
import { taskNamed } from "../tasks/tasks.ts";
import type { Plan } from "./survey-plan.ts";

/** A participant and the number of answers so far. */
export interface ParticipantProgress {
  readonly id: string;
  readonly form: string;
  readonly plan: Plan;
  readonly started: number;
  readonly reserved: number;
  readonly completed: number | null;
  readonly withdrawn: number | null;
  readonly answers: number;
}

export interface ProgressSummary {
  /** Visits by unknown browsers, before consent. */
  readonly visits: number;
  readonly consented: number;
  readonly answering: number;
  readonly completed: number;
  readonly droppedOut: number;
  readonly withdrawn: number;
  /** Median time from consent to the last answer, in milliseconds. */
  readonly medianTime: number | undefined;
  readonly forms: readonly {
    readonly form: string;
    readonly completed: number;
    readonly answering: number;
  }[];
  /** How many participants dropped out after how many answers. */
  readonly dropOut: readonly { readonly answers: number; readonly participants: number }[];
}

/** The progress of the survey. It shows no accuracy. */
export function progressSummaryOf(
  participants: readonly ParticipantProgress[],
  forms: readonly string[],
  now: number,
  visits: number,
): ProgressSummary {
  const notWithdrawn = participants.filter(({ withdrawn }) => withdrawn === null);
  const completed = notWithdrawn.filter((participant) => participant.completed !== null);
  const open = notWithdrawn.filter((participant) => participant.completed === null);
  const answering = open.filter(({ reserved }) => reserved > now);
  const droppedOut = open.filter(({ reserved }) => reserved <= now);
  const pages = [...new Set(droppedOut.map(({ answers }) => answers))].sort((one, other) => one - other);
  return {
    visits,
    consented: participants.length,
    answering: answering.length,
    completed: completed.length,
    droppedOut: droppedOut.length,
    withdrawn: participants.length - notWithdrawn.length,
    medianTime: median(completed.map(({ started, completed }) => completed! - started)),
    forms: forms.map((form) => ({
      form,
      completed: completed.filter((participant) => participant.form === form).length,
      answering: answering.filter((participant) => participant.form === form).length,
    })),
    dropOut: pages.map((answers) => ({
      answers,
      participants: droppedOut.filter((participant) => participant.answers === answers).length,
    })),
  };
}

function median(numbers: readonly number[]): number | undefined {
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return undefined;
  return Number.isInteger(middle) ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[Math.floor(middle)];
}

/** An answer as it is in the store. */
interface StoredAnswer {
  readonly task: string;
  readonly stimuli: string;
  readonly response: string;
}

export interface AccuracySoFar {
  readonly origin: Origin | "pair";
  readonly right: number;
  readonly count: number;
}

/** How many answers have been right so far. Callers record each look before the end of the study. */
export function accuracySoFar(
  answers: readonly StoredAnswer[],
  origins: ReadonlyMap<string, Origin>,
): AccuracySoFar[] {
  const scored = answers.flatMap(({ task, stimuli, response }) => {
    const shown = (JSON.parse(stimuli) as string[]).flatMap((id) => origins.get(id) ?? []);
    if (shown.length === 0) return [];
    const score = taskNamed(task)?.score(JSON.parse(response), shown);
    return score === undefined ? [] : [{ origin: shown.length === 2 ? "pair" : shown[0]!, score } as const];
  });
  return (["human", "machine", "pair"] as const).map((origin) => {
    const own = scored.filter((one) => one.origin === origin);
    return { origin, right: own.filter(({ score }) => score === 1).length, count: own.length };
  });
}
