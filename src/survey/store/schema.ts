import type { ColumnType, Kysely, Transaction } from "kysely";

/** The tables of the store. Identifiers are random text, times are milliseconds since 1970, lists and objects are JSON text. */
export interface Tables {
  participant: {
    id: string;
    /** SHA-256 of the secret in the participant's cookie. */
    secret: string;
    form: string;
    /** The questions as they are shown to this participant, in order: JSON of `Plan`. */
    plan: string;
    started: number;
    /** When the reservation of the place on the form expires without a further answer. */
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
    /** The idempotency key of the posted page, and a digest of the answer: the same post gets the same reply again. */
    key: string | null;
    digest: string | null;
  };
  /** The keys of changed answers, which cannot be used again. */
  submission: { participant: string; key: string; digest: string };
  /** Keyed hashes of the ids of withdrawn participants, so that the same id cannot take part again. */
  used: { person: string };
  /** The ids with which a recruiting service or an invitation sent a participant; never exported. */
  recruit: { service: string; person: string; participant: string; study: string; visit: string };
  /** From which of `survey.sources` a participant came. */
  source: { participant: string; source: string };
  /** Bot signals: see `bot-signals.ts`. */
  sign: { participant: string; question: string; sign: string };
  /** What the store records about itself: the signing key, the hash of its materials, the lock of the allocation. */
  fact: { name: string; value: string };
}

export type Database = Kysely<Tables>;
export type StoreTransaction = Transaction<Tables>;
