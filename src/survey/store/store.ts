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
import { type Participant, PlanCache, participantColumns, participantFromRow } from "../participant.ts";
import {
  AnswerWriter,
  notAsked,
  PageRefused,
  type PageSubmission,
  type Submission,
  type SubmissionOutcome,
} from "../submit-answer.ts";
import type { GivenAnswers, Plan } from "../survey-plan.ts";
import { GroupCommit } from "./group-commit.ts";
import { locksRows, prepared } from "./prepared-statement.ts";
import { ResponseRecords } from "./records.ts";
import type { Database, StoreTransaction } from "./schema.ts";

/** How far a participant is. */
export interface Progress {
  /** The number of questions before the first one that is still open. */
  readonly answered: number;
  readonly given: Readonly<Record<string, unknown>> | undefined;
}

/** The store of the survey. Every change goes through one queue of transactions and is on disk when its promise resolves. */
export class Store {
  readonly metadata: Metadata;
  readonly records: ResponseRecords;
  /** Whether the store is a file in the study's folder, not a PostgreSQL database. */
  readonly embedded: boolean;
  readonly #database: Database;
  readonly #writes: GroupCommit;
  readonly #plans: PlanCache;
  readonly #allocator: ParticipantAllocator;
  readonly #answerWriter: AnswerWriter;
  readonly #bySecret;
  readonly #answers;
  readonly #progress;
  #signingKey: Promise<string> | undefined;

  constructor(database: Database) {
    this.#database = database;
    this.embedded = !locksRows(database);
    this.#writes = new GroupCommit(database);
    this.metadata = new Metadata(database, this.#writes);
    this.records = new ResponseRecords(database);
    this.#plans = new PlanCache(database);
    this.#allocator = new ParticipantAllocator(database);
    this.#answerWriter = new AnswerWriter(database);
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
          select.fn.max<number | null>("position").as("last"),
          sql<string | null>`max(case when question = ${value("question")} then response end)`.as("given"),
        ])
        .where("participant", "=", value("participant")),
    );
  }

  /** Allocates a place on the form that needs it most; the same secret gets the same place again. */
  async allocate(arrival: Arrival, random: Random): Promise<Participant | Refusal> {
    const signingKey = await this.signingKey();
    return this.#writes.write("allocation", async (transaction) => {
      await this.#allocator.lock(transaction);
      const known = await this.#findBySecret(transaction, arrival.secret);
      if (known)
        return isDifferentPerson(await recruitOf(transaction, known.id), arrival.recruit)
          ? { refused: "other" }
          : known;
      const place = await this.#allocator.allocate(transaction, arrival, signingKey, random);
      if ("refused" in place) return place;
      return { ...place, id: arrival.id, started: arrival.now, completed: undefined, withdrawn: undefined };
    });
  }

  /** Adds a participant who answered in another form system, outside the allocation. */
  async addImported(imported: {
    id: string;
    secret: string;
    form: string;
    plan: Plan;
    now: number;
  }): Promise<void> {
    await this.#writes.write(`participant ${imported.id}`, (transaction) =>
      this.#allocator.insert(transaction, { ...imported, reserve: 0, simulated: false }),
    );
  }

  /** The participant with this secret. */
  bySecret(secret: string): Promise<Participant | undefined> {
    return this.#findBySecret(this.#database, secret);
  }

  async #findBySecret(on: Database | StoreTransaction, secret: string): Promise<Participant | undefined> {
    const [row] = await this.#bySecret(on, { secret: digest(secret) });
    const plan = row && (await this.#plans.planOf(on, row.id));
    return plan && participantFromRow(row, plan);
  }

  /** The participant with this id. */
  async byId(id: string): Promise<Participant | undefined> {
    const row = await this.#database
      .selectFrom("participant")
      .select(participantColumns)
      .where("id", "=", id)
      .executeTakeFirst();
    const plan = row && (await this.#plans.planOf(this.#database, id));
    return plan && participantFromRow(row, plan);
  }

  /** Gives a participant a new secret: they continue in another browser, and the old one has no access any more. */
  async replaceSecret(participant: string, secret: string): Promise<void> {
    await this.#writes.write(`participant ${participant}`, (transaction) =>
      transaction
        .updateTable("participant")
        .set({ secret: digest(secret) })
        .where("id", "=", participant)
        .execute(),
    );
  }

  /** The key of all signatures, CSRF tokens and hashes of ids. It is made once and never leaves the store. */
  signingKey(): Promise<string> {
    this.#signingKey ??= this.metadata.getOrCreate("seal key", () => randomId() + randomId());
    // After a failure the next call tries again.
    this.#signingKey.catch(() => {
      this.#signingKey = undefined;
    });
    return this.#signingKey;
  }

  /**
   * Deletes everything about a participant except that they withdrew, and keyed hashes of the id with which a recruiting
   * service or an invitation sent them, so that the same id cannot take part again.
   */
  async withdraw(participant: string, now: number): Promise<void> {
    const signingKey = await this.signingKey();
    await this.#writes.write(`participant ${participant}`, async (transaction) => {
      const recruit = await recruitOf(transaction, participant);
      const idHashes = recruit ? Object.values(idHashesOf(recruit, signingKey)) : [];
      if (idHashes.length > 0)
        await transaction
          .insertInto("used")
          .values(idHashes.map((person) => ({ person })))
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      await transaction
        .updateTable("participant")
        .set({ withdrawn: now })
        .where("id", "=", participant)
        .execute();
      await transaction.deleteFrom("answer").where("participant", "=", participant).execute();
      await transaction.deleteFrom("submission").where("participant", "=", participant).execute();
      await transaction.deleteFrom("recruit").where("participant", "=", participant).execute();
      await transaction.deleteFrom("source").where("participant", "=", participant).execute();
      await transaction.deleteFrom("sign").where("participant", "=", participant).execute();
    });
    await this.eraseDeleted();
  }

  /**
   * Writes the log into the embedded store and empties it, because deleted answers are still in the log. If another program
   * is reading the store, this happens at the next call or at closing.
   */
  async eraseDeleted(): Promise<void> {
    if (this.embedded) await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(this.#database);
  }

  /** How many questions a participant has answered, and the answer to this one. */
  async progress(participant: string, question = ""): Promise<Progress> {
    const [row] = await this.#progress(this.#database, { participant, question });
    const { answered, last, given } = row!;
    return {
      answered: Number(answered) === Number(last) ? Number(answered) : await this.#firstOpen(participant),
      given: given === null ? undefined : (JSON.parse(given) ?? undefined),
    };
  }

  /** The number of questions before the first open one, if a changed answer has opened an earlier question. */
  async #firstOpen(participant: string): Promise<number> {
    const rows = await this.#database
      .selectFrom("answer")
      .select("position")
      .where("participant", "=", participant)
      .orderBy("position")
      .execute();
    const open = rows.findIndex(({ position }, at) => Number(position) !== at + 1);
    return open < 0 ? rows.length : open;
  }

  /** A participant's answers by question, without questions that were not asked. */
  async answers(participant: string): Promise<GivenAnswers> {
    const rows = await this.#answers(this.#database, { participant });
    return new Map(
      rows
        .filter(({ response }) => response !== notAsked)
        .map(({ question, response }) => [question, JSON.parse(response)]),
    );
  }

  /** Stores an answer; the last one completes the response. */
  submitAnswer({ question, response, ...page }: Submission): Promise<SubmissionOutcome> {
    return this.submitPage({ ...page, answers: [{ question, response }] });
  }

  /** Stores the answers of a page, all or none. */
  async submitPage(submission: PageSubmission): Promise<SubmissionOutcome> {
    const { participant, answers } = submission;
    try {
      return await this.#writes.write(`participant ${participant}`, async (transaction) => {
        const plan = await this.#plans.planOf(transaction, participant);
        if (!plan) return "unknown";
        const outcome = await this.#answerWriter.submitPage(transaction, submission, plan);
        if (outcome === "stored")
          await storeBotSignals(transaction, { ...submission, question: answers[0]!.question });
        return outcome;
      });
    } catch (thrown) {
      if (thrown instanceof PageRefused) return thrown.outcome;
      throw thrown;
    }
  }

  /** How many participants have completed each form, and how many are answering it now. */
  loads(forms: readonly string[], now: number): Promise<Map<string, FormLoad>> {
    return this.#allocator.loads(this.#database, forms, now);
  }

  /** Bot signals by participant. */
  botSignals(): Promise<Map<string, BotSignal[]>> {
    return botSignalsByParticipant(this.#database);
  }

  /**
   * Where participants came from: the source in their link, else the recruiting service or `invitation`. Those of a plain
   * link are not included.
   */
  async sources(): Promise<Map<string, string>> {
    const sent = await this.#database
      .selectFrom("recruit")
      .select(["participant", "service as source"])
      .execute();
    const named = await this.#database.selectFrom("source").select(["participant", "source"]).execute();
    return new Map([...sent, ...named].map(({ participant, source }) => [participant, source]));
  }

  /** The ids with which a participant was sent; undefined for a plain link. */
  recruitOf(participant: string): Promise<Recruit | undefined> {
    return recruitOf(this.#database, participant);
  }

  /** The participant with this id at a recruiting service; undefined if there is none. */
  async byServiceId(person: string): Promise<string | undefined> {
    const row = await this.#database
      .selectFrom("recruit")
      .select("participant")
      .where("person", "=", person)
      .executeTakeFirst();
    return row?.participant;
  }

  /** A consistent copy of the embedded store as one file. */
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

  /** The number of participants. */
  async participants(): Promise<number> {
    const { count } = await this.#database
      .selectFrom("participant")
      .select((select) => select.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  /** Waits for pending writes, then closes. */
  async close(): Promise<void> {
    await this.#writes.settled();
    await this.#database.destroy();
  }
}

const recruitOf = (on: Database | StoreTransaction, participant: string): Promise<Recruit | undefined> =>
  on
    .selectFrom("recruit")
    .select(["service", "person", "study", "visit"])
    .where("participant", "=", participant)
    .executeTakeFirst();

/** Whether the arriving person is not the one that the service sent before. */
const isDifferentPerson = (known: Recruit | undefined, arriving: Recruit | undefined): boolean =>
  arriving !== undefined && (known?.service !== arriving.service || known.person !== arriving.person);
