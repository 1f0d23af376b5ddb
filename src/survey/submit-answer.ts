import { sql } from "kysely";
import type { BotSignal } from "./bot-signals.ts";
import { digest } from "./ids.ts";
import { locksRows, prepared } from "./store/prepared-statement.ts";
import type { Database, StoreTransaction } from "./store/schema.ts";
import type { Plan } from "./survey-plan.ts";

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
    if (!isNew && !submission.mayChange) return "kept";
    if (isNew && Number(given.before) < position - 1) return "ahead";
    const answer = rowOf(submission, plan, position, content);
    await (isNew ? this.#insert(transaction, answer) : this.#replace(transaction, answer, given));
    if (Number(given.count) + Number(isNew) === plan.length)
      await this.#complete(transaction, { participant, now });
    else if (row.reserved < now + submission.reserve * (1 - renewalShare))
      await this.#renew(transaction, { participant, reserved: now + submission.reserve });
    return "stored";
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
  readonly key: string;
  readonly digest: string;
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
