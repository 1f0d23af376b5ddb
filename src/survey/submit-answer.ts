import { sql } from "kysely";
import type { BotSignal } from "./bot-signals.ts";
import { digest } from "./ids.ts";
import { hasConditions, isAsked } from "./question-pages.ts";
import { locksRows, prepared } from "./store/prepared-statement.ts";
import type { Database, StoreTransaction } from "./store/schema.ts";
import type { GivenAnswers, Plan } from "./survey-plan.ts";

/** The answers of a page that was posted: all are stored or none. */
export interface PageSubmission extends Omit<Submission, "question" | "response"> {
  readonly answers: readonly Pick<Submission, "question" | "response">[];
}

export interface Submission {
  readonly participant: string;
  readonly question: string;
  /** The idempotency key of the page that was posted. */
  readonly key: string;
  readonly response: Readonly<Record<string, unknown>>;
  readonly ms: number | undefined;
  readonly now: number;
  readonly reserve: number;
  /** Whether an earlier answer to this question may be changed. */
  readonly mayChange: boolean;
  /** Bot signals of the page; stored with the answer. */
  readonly botSignals?: readonly BotSignal[];
}

/**
 * The outcome of a submission.
 * `stored`; `repeated`, the same answer under the same key; `conflict`, a different answer under a key that was already
 * used; `kept`, the question has an answer that may not be changed; `ahead`, an earlier question has no answer yet;
 * `over`, the participant has finished or withdrawn; `unknown`, the participant has no such question.
 */
export type SubmissionOutcome = "stored" | "repeated" | "conflict" | "kept" | "ahead" | "over" | "unknown";

/** An answer renews the reservation only after a tenth of it has passed, so that most answers do not write the participant's row. */
const renewalShare = 0.1;

/** Stores answers: one new row each, which includes the idempotency key. */
export class AnswerWriter {
  readonly #participant;
  readonly #renew;
  readonly #complete;
  readonly #answerCounts;
  readonly #changedKey;
  readonly #insert;
  readonly #recordChangedKey;
  readonly #change;
  readonly #responses;

  constructor(database: Database) {
    // The lock keeps a second process from storing an answer of the same participant at the same time.
    const forUpdate = locksRows(database);
    this.#participant = prepared<ParticipantKey>()(database, (on, value) =>
      on
        .selectFrom("participant")
        .select(["reserved", "completed", "withdrawn"])
        .where("id", "=", value("participant"))
        .$if(forUpdate, (select) => select.forUpdate()),
    );
    this.#renew = prepared<ParticipantKey & { reserved: number }>()(database, (on, value) =>
      on
        .updateTable("participant")
        .set({ reserved: value("reserved") })
        .where("id", "=", value("participant")),
    );
    this.#complete = prepared<ParticipantKey & { now: number }>()(database, (on, value) =>
      on
        .updateTable("participant")
        .set({ completed: value("now") })
        .where("id", "=", value("participant")),
    );
    // A single row, because reading rows takes most of the time: the number of answers, how many of them are to earlier
    // questions, the present answer to this question, and the answer stored under the submission's key.
    this.#answerCounts = prepared<ParticipantKey & { question: string; position: number; key: string }>()(
      database,
      (on, value) =>
        on
          .selectFrom("answer")
          .select((select) => [
            select.fn.countAll<number>().as("count"),
            sql<number>`count(case when position < ${value("position")} then 1 end)`.as("before"),
            sql<number>`count(case when question = ${value("question")} then 1 end)`.as("own"),
            sql<string | null>`max(case when question = ${value("question")} then key end)`.as("key"),
            sql<string | null>`max(case when question = ${value("question")} then digest end)`.as("digest"),
            sql<string | null>`max(case when key = ${value("key")} then digest end)`.as("storedDigest"),
            sql<number>`count(case when question = ${value("question")} and response = ${sql.lit(notAsked)} then 1 end)`.as(
              "skipped",
            ),
          ])
          .where("participant", "=", value("participant")),
    );
    this.#changedKey = prepared<ParticipantKey & { key: string }>()(database, (on, value) =>
      on
        .selectFrom("submission")
        .select("digest")
        .where("participant", "=", value("participant"))
        .where("key", "=", value("key")),
    );
    this.#insert = prepared<AnswerRow>()(database, (on, value) =>
      on.insertInto("answer").values({
        participant: value("participant"),
        question: value("question"),
        position: value("position"),
        task: value("task"),
        stimuli: value("stimuli"),
        side: value("side"),
        response: value("response"),
        ms: value("ms"),
        at: value("at"),
        key: value("key"),
        digest: value("digest"),
      }),
    );
    this.#recordChangedKey = prepared<ParticipantKey & { key: string; digest: string }>()(
      database,
      (on, value) =>
        on.insertInto("submission").values({
          participant: value("participant"),
          key: value("key"),
          digest: value("digest"),
        }),
    );
    this.#responses = prepared<ParticipantKey>()(database, (on, value) =>
      on
        .selectFrom("answer")
        .select(["question", "response"])
        .where("participant", "=", value("participant")),
    );
    this.#change = prepared<AnswerRow>()(database, (on, value) =>
      on
        .updateTable("answer")
        .set({
          response: value("response"),
          ms: value("ms"),
          at: value("at"),
          key: value("key"),
          digest: value("digest"),
        })
        .where("participant", "=", value("participant"))
        .where("question", "=", value("question")),
    );
  }

  /**
   * Stores the answers of a page. An answer that is kept keeps no other from being stored. If one of them cannot be stored
   * for another reason after others were, throws PageRefused with its outcome, and the caller's transaction is rolled back.
   */
  async submitPage(
    transaction: StoreTransaction,
    { answers, key, ...page }: PageSubmission,
    plan: Plan,
  ): Promise<SubmissionOutcome> {
    const outcomes = new Set<SubmissionOutcome>();
    for (const [at, answer] of answers.entries()) {
      const submission = { ...page, ...answer, key: answers.length === 1 ? key : `${key}.${at + 1}` };
      const outcome = await this.submit(transaction, submission, plan);
      outcomes.add(outcome);
      if (["stored", "repeated", "kept"].includes(outcome)) continue;
      if (outcomes.has("stored")) throw new PageRefused(outcome);
      return outcome;
    }
    return (["stored", "kept", "repeated"] as const).find((outcome) => outcomes.has(outcome)) ?? "unknown";
  }

  /** Stores an answer of a participant with this `plan`; the last answer completes the response. */
  async submit(
    transaction: StoreTransaction,
    submission: Submission,
    plan: Plan,
  ): Promise<SubmissionOutcome> {
    const { participant, question, key, now } = submission;
    const position = plan.findIndex((planned) => planned.question === question) + 1;
    const [row] = await this.#participant(transaction, { participant });
    if (!row || position === 0) return "unknown";
    const given = (await this.#answerCounts(transaction, { participant, question, position, key }))[0]!;
    const content = digest(JSON.stringify([question, submission.response]));
    const storedDigest =
      given.storedDigest ?? (await this.#changedKey(transaction, { participant, key }))[0]?.digest;
    if (storedDigest !== undefined) return storedDigest === content ? "repeated" : "conflict";
    if (row.completed !== null || row.withdrawn !== null) return "over";

    const isNew = Number(given.own) === 0;
    if (!isNew && !submission.mayChange && Number(given.skipped) === 0) return "kept";
    if (isNew && Number(given.before) < position - 1) return "ahead";
    const answer = rowOf(submission, plan, position, content);
    await (isNew ? this.#insert(transaction, answer) : this.#replace(transaction, answer, given));
    const count = hasConditions(plan)
      ? await this.#settleConditions(transaction, submission, plan)
      : Number(given.count) + Number(isNew);
    if (count === plan.length) await this.#complete(transaction, { participant, now });
    else if (row.reserved < now + submission.reserve * (1 - renewalShare))
      await this.#renew(transaction, { participant, reserved: now + submission.reserve });
    return "stored";
  }

  /**
   * Records the next questions as not asked if earlier answers rule them out, and forgets this where a changed answer no
   * longer does: they are then asked. Returns how many questions have an answer or are not asked.
   */
  async #settleConditions(
    transaction: StoreTransaction,
    { participant, now }: Submission,
    plan: Plan,
  ): Promise<number> {
    const rows = await this.#responses(transaction, { participant });
    const settled = new Set(rows.map(({ question }) => question));
    const answers: GivenAnswers = new Map(
      rows.flatMap(({ question, response }) =>
        response === notAsked ? [] : [[question, JSON.parse(response)] as const],
      ),
    );
    for (const planned of plan) {
      const { question } = planned;
      if (!settled.has(question) || answers.has(question) || !isAsked(plan, planned, answers)) continue;
      await transaction
        .deleteFrom("answer")
        .where("participant", "=", participant)
        .where("question", "=", question)
        .execute();
      settled.delete(question);
    }
    for (const [at, planned] of plan.entries()) {
      if (settled.has(planned.question)) continue;
      if (isAsked(plan, planned, answers)) break;
      await this.#insert(transaction, notAskedRow(participant, planned, at + 1, now));
      settled.add(planned.question);
    }
    return settled.size;
  }

  /** Changes an answer. Its earlier key is recorded as used. */
  async #replace(
    transaction: StoreTransaction,
    answer: AnswerRow,
    { key, digest: content }: { readonly key: string | null; readonly digest: string | null },
  ): Promise<void> {
    if (key !== null && content !== null)
      await this.#recordChangedKey(transaction, { participant: answer.participant, key, digest: content });
    await this.#change(transaction, answer);
  }
}

/** An answer of a page cannot be stored. */
export class PageRefused extends Error {
  readonly outcome: SubmissionOutcome;
  constructor(outcome: SubmissionOutcome) {
    super(outcome);
    this.outcome = outcome;
  }
}

/** The response of a question that earlier answers rule out. It counts for the progress and is not exported. */
export const notAsked = "null";

const notAskedRow = (
  participant: string,
  { question, task, stimuli, side }: Plan[number],
  position: number,
  now: number,
): AnswerRow => ({
  ...{ participant, question, position, task },
  stimuli: JSON.stringify(stimuli),
  side: side ?? null,
  ...{ response: notAsked, ms: null, at: now, key: null, digest: null },
});

interface ParticipantKey {
  readonly participant: string;
}

interface AnswerRow {
  readonly participant: string;
  readonly question: string;
  readonly position: number;
  readonly task: string;
  readonly stimuli: string;
  readonly side: string | null;
  readonly response: string;
  readonly ms: number | null;
  readonly at: number;
  readonly key: string | null;
  readonly digest: string | null;
}

function rowOf(
  { participant, question, response, ms, now, key }: Submission,
  plan: Plan,
  position: number,
  content: string,
): AnswerRow {
  const { task, stimuli, side } = plan[position - 1]!;
  return {
    participant,
    question,
    position,
    task,
    stimuli: JSON.stringify(stimuli),
    side: side ?? null,
    response: JSON.stringify(response),
    ms: ms ?? null,
    at: now,
    key,
    digest: content,
  };
}
