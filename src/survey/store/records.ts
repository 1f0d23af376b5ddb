import { sql } from "kysely";
import { parsePlan } from "../participant.ts";
import type { ParticipantProgress } from "../progress-summary.ts";
import { notAsked } from "../submit-answer.ts";
import type { Database } from "./schema.ts";

/** Reads all responses, for exports and counts. Withdrawn participants are only counted. */
export class ResponseRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** All participants and answers, ordered by random id, then as shown: the order reveals nothing. */
  all() {
    return this.#batch("", undefined);
  }

  async #batch(after: string, atMost: number | undefined) {
    const participants = await this.#database
      .selectFrom("participant")
      .select(["id", "form", "started", "completed", "withdrawn", "simulated"])
      .where("withdrawn", "is", null)
      .where("id", ">", after)
      .orderBy("id")
      .$if(atMost !== undefined, (select) => select.limit(atMost!))
      .execute();
    const answers = await this.#database
      .selectFrom("answer")
      .innerJoin("participant", "participant.id", "answer.participant")
      .selectAll("answer")
      .select(["participant.form", "participant.simulated"])
      .where("participant.withdrawn", "is", null)
      .where("answer.response", "!=", notAsked)
      .where("answer.participant", ">", after)
      .$if(atMost !== undefined, (select) =>
        select.where("answer.participant", "<=", participants.at(-1)?.id ?? ""),
      )
      .orderBy("answer.participant")
      .orderBy("answer.position")
      .execute();
    return { participants, answers };
  }

  /** The same in batches of participants, so that a large study needs no more memory than a small one. */
  async *inBatches(participants = 20): AsyncGenerator<Awaited<ReturnType<ResponseRecords["all"]>>> {
    for (let last = ""; ; ) {
      const batch = await this.#batch(last, participants);
      if (batch.participants.length === 0) return;
      yield batch;
      last = batch.participants.at(-1)!.id;
      // Answers that arrive meanwhile are handled first.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The answers of one participant, in the order shown. */
  of(participant: string) {
    return this.#database
      .selectFrom("answer")
      .selectAll()
      .where("participant", "=", participant)
      .orderBy("position")
      .execute();
  }

  /** All participants with their number of answers. */
  async participantProgress(): Promise<ParticipantProgress[]> {
    const rows = await this.#database
      .selectFrom("participant")
      .leftJoin("answer", "answer.participant", "participant.id")
      .select(["id", "form", "plan", "started", "reserved", "completed", "withdrawn"])
      .select(sql<number>`count(answer.question)`.as("answers"))
      .groupBy("participant.id")
      .execute();
    return rows.map((row) => ({ ...row, plan: parsePlan(row.plan), answers: Number(row.answers) }));
  }
}
