import { sql } from "kysely";
import { parsePlan } from "../participant.ts";
import type { ParticipantProgress } from "../progress-summary.ts";
import type { Database } from "./schema.ts";

/** What everybody answered, to be exported and counted. Of who withdrew it holds that they did. */
export class ResponseRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Everything that is exported, in an order that tells nothing: by participant, then as shown. */
  all() {
    return this.#part("", undefined);
  }

  async #part(after: string, atMost: number | undefined) {
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
      .where("answer.participant", ">", after)
      .$if(atMost !== undefined, (select) =>
        select.where("answer.participant", "<=", participants.at(-1)?.id ?? ""),
      )
      .orderBy("answer.participant")
      .orderBy("answer.position")
      .execute();
    return { participants, answers };
  }

  /** The same in parts, by participant, so that a long study takes no more memory than a short one. */
  async *inBatches(participants = 20): AsyncGenerator<Awaited<ReturnType<ResponseRecords["all"]>>> {
    for (let last = ""; ; ) {
      const part = await this.#part(last, participants);
      if (part.participants.length === 0) return;
      yield part;
      last = part.participants.at(-1)!.id;
      // Whoever answers meanwhile comes first.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Every participant with the number of answers given. */
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
