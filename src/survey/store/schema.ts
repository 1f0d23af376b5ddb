import type { ColumnType, Kysely, Transaction } from "kysely";

/** What is kept. Identifiers are random text, times are milliseconds since 1970, lists and objects are JSON text. */
export interface Tables {
  participant: {
    id: string;
    /** SHA-256 of the secret in the participant's cookie. */
    secret: string;
    form: string;
    /** The questions as they are shown to this participant, in order: JSON of `ShownPlan`. */
    plan: string;
    started: number;
    /** Until when the place on the form is kept without a further answer. */
    reserved: number;
    completed: number | null;
    withdrawn: number | null;
    simulated: ColumnType<number, number, never>;
  };
  answer: {
    participant: string;
    question: string;
    position: number;
    task: string;
    stimuli: string;
    side: string | null;
    response: string;
    ms: number | null;
    at: number;
    /** The idempotency key of the page that was posted, and what was posted: the same key is answered the same way again. */
    key: string | null;
    digest: string | null;
  };
  /** The keys of answers that were changed since: they stay used up. */
  submission: { participant: string; key: string; digest: string };
  /** Keyed hashes of the ids of people who withdrew: the same id cannot take part again. */
  used: { person: string };
  /** Whom a recruiting service or an invitation sent; never exported. */
  recruit: { service: string; person: string; participant: string; study: string; visit: string };
  /** What pages noticed of how they were filled in: see `signs.ts`. */
  sign: { participant: string; question: string; sign: string };
  /** What the store knows of itself: the secret of its seals, the material it asks about, the lock of allocation. */
  fact: { name: string; value: string };
}

export type Database = Kysely<Tables>;
export type Writing = Transaction<Tables>;
