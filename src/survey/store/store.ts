import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import type { Random } from "../../stats/random.ts";
import {
  type Arrival,
  idHashesOf,
  ParticipantAllocator,
  type Recruit,
  type Refusal,
} from "../allocate-participant.ts";
import { type BotSignal, botSignalsByParticipant, storeBotSignals } from "../bot-signals.ts";
import type { FormLoad } from "../form-allocation.ts";
import { digest, randomId } from "../ids.ts";
import { Metadata } from "../metadata.ts";
import { type Participant, PlanCache, participantColumns, participantOf } from "../participant.ts";
import { AnswerWriter, type Submission, type SubmissionOutcome } from "../submit-answer.ts";
import type { Plan } from "../survey-plan.ts";
import { GroupCommit } from "./group-commit.ts";
import { locksRows, prepared } from "./prepared-statement.ts";
import { ResponseRecords } from "./records.ts";
import type { Database, Writing } from "./schema.ts";

/** How far somebody is. Questions are answered in their order, so that the next one follows those that are. */
export interface Progress {
  readonly answered: number;
  readonly given: Readonly<Record<string, unknown>> | undefined;
}

export type GivenAnswers = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** The survey's memory. Every change goes through one queue of transactions and is on disk when its promise resolves. */
export class Store {
  readonly metadata: Metadata;
  readonly records: ResponseRecords;
  /** Whether it is a file in the study's folder. */
  readonly embedded: boolean;
  readonly #database: Database;
  readonly #commits: GroupCommit;
  readonly #plans: PlanCache;
  readonly #entering: ParticipantAllocator;
  readonly #answering: AnswerWriter;
  readonly #bySecret;
  readonly #answers;
  readonly #progress;
  #sealKey: Promise<string> | undefined;

  constructor(database: Database) {
    this.#database = database;
    this.embedded = !locksRows(database);
    this.#commits = new GroupCommit(database);
    this.metadata = new Metadata(database, this.#commits);
    this.records = new ResponseRecords(database);
    this.#plans = new PlanCache(database);
    this.#entering = new ParticipantAllocator(database);
    this.#answering = new AnswerWriter(database);
    this.#bySecret = prepared<{ secret: string }>()(database, (on, value) =>
      on.selectFrom("participant").select(participantColumns).where("secret", "=", value("secret")),
    );
    this.#answers = prepared<{ participant: string }>()(database, (on, value) =>
      on
        .selectFrom("answer")
        .select(["question", "response"])
        .where("participant", "=", value("participant")),
    );
    this.#progress = prepared<{ participant: string; question: string }>()(database, (on, value) =>
      on
        .selectFrom("answer")
        .select((select) => [
          select.fn.countAll<number>().as("answered"),
          sql<string | null>`max(case when question = ${value("question")} then response end)`.as("given"),
        ])
        .where("participant", "=", value("participant")),
    );
  }

  /** Gives an arrival a place on the form that needs it most; the same secret gets the same place again. */
  async allocate(arrival: Arrival, random: Random): Promise<Participant | Refusal> {
    const sealKey = await this.sealKey();
    return this.#commits.write("allocation", async (writing) => {
      await this.#entering.lock(writing);
      const known = await this.#holder(writing, arrival.secret);
      if (known)
        return isDifferentPerson(await recruitOf(writing, known.id), arrival.recruit)
          ? { refused: "other" }
          : known;
      const place = await this.#entering.allocate(writing, arrival, sealKey, random);
      if ("refused" in place) return place;
      return { ...place, id: arrival.id, started: arrival.now, completed: undefined, withdrawn: undefined };
    });
  }

  /** Takes in somebody who has answered elsewhere, outside of the allocation. */
  async addImported(admitted: {
    id: string;
    secret: string;
    form: string;
    plan: Plan;
    now: number;
  }): Promise<void> {
    await this.#commits.write(`participant ${admitted.id}`, (writing) =>
      this.#entering.insert(writing, { ...admitted, reserve: 0, simulated: false }),
    );
  }

  /** Who holds this secret. */
  bySecret(secret: string): Promise<Participant | undefined> {
    return this.#holder(this.#database, secret);
  }

  async #holder(on: Database | Writing, secret: string): Promise<Participant | undefined> {
    const [row] = await this.#bySecret(on, { secret: digest(secret) });
    const plan = row && (await this.#plans.planOf(on, row.id));
    return plan && participantOf(row, plan);
  }

  /** Whose id this is. */
  async byId(id: string): Promise<Participant | undefined> {
    const row = await this.#database
      .selectFrom("participant")
      .select(participantColumns)
      .where("id", "=", id)
      .executeTakeFirst();
    const plan = row && (await this.#plans.planOf(this.#database, id));
    return plan && participantOf(row, plan);
  }

  /** Gives a participant a new secret: another browser goes on, the old one is a stranger. */
  async replaceSecret(participant: string, secret: string): Promise<void> {
    await this.#commits.write(`participant ${participant}`, (writing) =>
      writing
        .updateTable("participant")
        .set({ secret: digest(secret) })
        .where("id", "=", participant)
        .execute(),
    );
  }

  /** The key of every seal and of every hash of an id. It is made once and never leaves the store. */
  sealKey(): Promise<string> {
    this.#sealKey ??= this.metadata.getOrCreate("seal key", () => randomId() + randomId());
    // A store that was away for a moment is asked again.
    this.#sealKey.catch(() => {
      this.#sealKey = undefined;
    });
    return this.#sealKey;
  }

  /**
   * Deletes everything that a participant has told. What stays is that somebody withdrew, and keyed hashes of the id that
   * a recruiting service or an invitation sent, so that the same id does not take part again.
   */
  async withdraw(participant: string, now: number): Promise<void> {
    const sealKey = await this.sealKey();
    await this.#commits.write(`participant ${participant}`, async (writing) => {
      const recruit = await recruitOf(writing, participant);
      const marks = recruit ? Object.values(idHashesOf(recruit, sealKey)) : [];
      if (marks.length > 0)
        await writing
          .insertInto("used")
          .values(marks.map((person) => ({ person })))
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      await writing
        .updateTable("participant")
        .set({ withdrawn: now })
        .where("id", "=", participant)
        .execute();
      await writing.deleteFrom("answer").where("participant", "=", participant).execute();
      await writing.deleteFrom("submission").where("participant", "=", participant).execute();
      await writing.deleteFrom("recruit").where("participant", "=", participant).execute();
      await writing.deleteFrom("sign").where("participant", "=", participant).execute();
    });
    await this.eraseDeleted();
  }

  /**
   * Brings the log into the embedded store and empties it, for what was deleted is still in the log. Where another program
   * is reading the store this waits for the next time; closing does it as well.
   */
  async eraseDeleted(): Promise<void> {
    if (this.embedded) await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(this.#database);
  }

  /** How many questions a participant has answered, and what was answered to this one. */
  async progress(participant: string, question = ""): Promise<Progress> {
    const [row] = await this.#progress(this.#database, { participant, question });
    const { answered, given } = row!;
    return { answered: Number(answered), given: given === null ? undefined : JSON.parse(given) };
  }

  /** The answers that a participant has given, by question. */
  async answers(participant: string): Promise<GivenAnswers> {
    const rows = await this.#answers(this.#database, { participant });
    return new Map(rows.map(({ question, response }) => [question, JSON.parse(response)]));
  }

  /** Stores an answer; with the last one the response is complete. */
  submitAnswer(submission: Submission): Promise<SubmissionOutcome> {
    const { participant } = submission;
    return this.#commits.write(`participant ${participant}`, async (writing) => {
      const plan = await this.#plans.planOf(writing, participant);
      if (!plan) return "unknown";
      const outcome = await this.#answering.submit(writing, submission, plan);
      if (outcome === "stored") await storeBotSignals(writing, submission);
      return outcome;
    });
  }

  /** How many have completed each form, and how many are answering it now. */
  loads(forms: readonly string[], now: number): Promise<Map<string, FormLoad>> {
    return this.#entering.loads(this.#database, forms, now);
  }

  /** What pages noticed, by participant. */
  botSignals(): Promise<Map<string, BotSignal[]>> {
    return botSignalsByParticipant(this.#database);
  }

  /** Who sent a participant; undefined for who came by a plain link. */
  recruitOf(participant: string): Promise<Recruit | undefined> {
    return recruitOf(this.#database, participant);
  }

  /** The participant whom a service sent under this id; undefined where there is none. */
  async byServiceId(person: string): Promise<string | undefined> {
    const row = await this.#database
      .selectFrom("recruit")
      .select("participant")
      .where("person", "=", person)
      .executeTakeFirst();
    return row?.participant;
  }

  /** A copy of the embedded store as one file, as it stands between two transactions. */
  async backup(folder: string): Promise<Buffer> {
    const path = join(folder, `survey-${randomId()}.partial`);
    try {
      await writeFile(path, "", { mode: 0o600 });
      await sql`VACUUM INTO ${path}`.execute(this.#database);
      return await readFile(path);
    } finally {
      await rm(path, { force: true });
    }
  }

  /** How many have taken part. */
  async participants(): Promise<number> {
    const { count } = await this.#database
      .selectFrom("participant")
      .select((select) => select.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  /** Waits for what is being written, then closes. */
  async close(): Promise<void> {
    await this.#commits.settled();
    await this.#database.destroy();
  }
}

const recruitOf = (on: Database | Writing, participant: string): Promise<Recruit | undefined> =>
  on
    .selectFrom("recruit")
    .select(["service", "person", "study", "visit"])
    .where("participant", "=", participant)
    .executeTakeFirst();

/** Whether somebody arrives who is not the one whom the service sent before. */
const isDifferentPerson = (known: Recruit | undefined, arrives: Recruit | undefined): boolean =>
  arrives !== undefined && (known?.service !== arrives.service || known.person !== arrives.person);
