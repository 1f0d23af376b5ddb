import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import type { Random } from "../stats/random.ts";
import type { Load } from "./allocate.ts";
import { Answering, type Outcome, type Submission } from "./answering.ts";
import { Commits } from "./commits.ts";
import type { Database, Writing } from "./database.ts";
import { type Arrival, Entering, type Recruit, type Refusal } from "./entering.ts";
import { digest, randomId } from "./ids.ts";
import type { Counted } from "./overview.ts";
import { type Participant, Plans, parsePlan, participantColumns, participantOf } from "./participant.ts";
import type { Plan } from "./plan.ts";
import { prepared } from "./prepared.ts";
import { keepSigns, type Sign, signsByParticipant } from "./signs.ts";

/** How far somebody is. Questions are answered in their order, so that the next one follows those that are. */
export interface Progress {
  readonly answered: number;
  readonly given: Readonly<Record<string, unknown>> | undefined;
}

export type GivenAnswers = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** The survey's memory. Every change goes through one queue of transactions and is on disk when its promise resolves. */
export class Store {
  readonly #database: Database;
  readonly #commits: Commits;
  readonly #plans: Plans;
  readonly #entering: Entering;
  readonly #answering: Answering;
  readonly #bySecret;
  readonly #answers;
  readonly #progress;

  constructor(database: Database) {
    this.#database = database;
    this.#commits = new Commits(database);
    this.#plans = new Plans(database);
    this.#entering = new Entering(database);
    this.#answering = new Answering(database);
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

  /** A value that the store keeps of itself, made once by `make`. */
  async fact(name: string, make: () => string): Promise<string> {
    return this.#commits.write(`fact ${name}`, async (writing) => {
      await writing
        .insertInto("fact")
        .values({ name, value: make() })
        .onConflict((conflict) => conflict.column("name").doNothing())
        .execute();
      const { value } = await writing
        .selectFrom("fact")
        .select("value")
        .where("name", "=", name)
        .executeTakeFirstOrThrow();
      return value;
    });
  }

  async setFact(name: string, value: string): Promise<void> {
    await this.#commits.write(`fact ${name}`, (writing) =>
      writing
        .insertInto("fact")
        .values({ name, value })
        .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
        .execute(),
    );
  }

  /** Gives an arrival a place on the form that needs it most; the same secret gets the same place again. */
  enter(arrival: Arrival, random: Random): Promise<Participant | Refusal> {
    return this.#commits.write("allocation", async (writing) => {
      await this.#entering.lock(writing);
      const known = await this.#holder(writing, arrival.secret);
      if (known) return known;
      const place = await this.#entering.enter(writing, arrival, random);
      if ("refused" in place) return place;
      return { ...place, id: arrival.id, started: arrival.now, completed: undefined, withdrawn: undefined };
    });
  }

  /** Takes in somebody who has answered elsewhere, outside of the allocation. */
  async admit(admitted: {
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
  participant(secret: string): Promise<Participant | undefined> {
    return this.#holder(this.#database, secret);
  }

  async #holder(on: Database | Writing, secret: string): Promise<Participant | undefined> {
    const [row] = await this.#bySecret(on, { secret: digest(secret) });
    const plan = row && (await this.#plans.of(on, row.id));
    return plan && participantOf(row, plan);
  }

  /** Whose id this is. */
  async byId(id: string): Promise<Participant | undefined> {
    const row = await this.#database
      .selectFrom("participant")
      .select(participantColumns)
      .where("id", "=", id)
      .executeTakeFirst();
    const plan = row && (await this.#plans.of(this.#database, id));
    return plan && participantOf(row, plan);
  }

  /** Gives a participant a new secret: another browser goes on, the old one is a stranger. */
  async giveSecret(participant: string, secret: string): Promise<void> {
    await this.#commits.write(`participant ${participant}`, (writing) =>
      writing
        .updateTable("participant")
        .set({ secret: digest(secret) })
        .where("id", "=", participant)
        .execute(),
    );
  }

  /** Deletes everything that a participant has told. What stays is that somebody withdrew. */
  async withdraw(participant: string, now: number): Promise<void> {
    await this.#commits.write(`participant ${participant}`, async (writing) => {
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
  answer(submission: Submission): Promise<Outcome> {
    const { participant } = submission;
    return this.#commits.write(`participant ${participant}`, async (writing) => {
      const plan = await this.#plans.of(writing, participant);
      if (!plan) return "unknown";
      const outcome = await this.#answering.answer(writing, submission, plan);
      if (outcome === "stored") await keepSigns(writing, submission);
      return outcome;
    });
  }

  /** How many have completed each form, and how many are answering it now. */
  loads(forms: readonly string[], now: number): Promise<Map<string, Load>> {
    return this.#entering.loads(this.#database, forms, now);
  }

  /** Everything that is exported, in an order that tells nothing: by participant, then as shown. */
  everything() {
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
  async *inParts(participants = 20): AsyncGenerator<Awaited<ReturnType<Store["everything"]>>> {
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
  async counted(): Promise<Counted[]> {
    const rows = await this.#database
      .selectFrom("participant")
      .leftJoin("answer", "answer.participant", "participant.id")
      .select(["id", "form", "plan", "started", "reserved", "completed", "withdrawn"])
      .select(sql<number>`count(answer.question)`.as("answers"))
      .groupBy("participant.id")
      .execute();
    return rows.map((row) => ({ ...row, plan: parsePlan(row.plan), answers: Number(row.answers) }));
  }

  /** Writes down that somebody looked at the results before the end. */
  async look(now: number): Promise<void> {
    await this.setFact(`look ${new Date(now).toISOString()} ${randomId().slice(0, 4)}`, "");
  }

  /** When somebody looked at the results before the end. */
  async looks(): Promise<string[]> {
    const rows = await this.#database
      .selectFrom("fact")
      .select("name")
      .where("name", "like", "look %")
      .execute();
    return rows.map(({ name }) => name.split(" ")[1]!).sort();
  }

  /** What pages noticed, by participant. */
  signs(): Promise<Map<string, Sign[]>> {
    return signsByParticipant(this.#database);
  }

  /** Who sent a participant; undefined for who came by a plain link. */
  async recruitOf(participant: string): Promise<Recruit | undefined> {
    return this.#database
      .selectFrom("recruit")
      .select(["service", "person", "study", "visit"])
      .where("participant", "=", participant)
      .executeTakeFirst();
  }

  /** Counts openings of the survey by browsers that it does not know. */
  async addOpenings(count: number): Promise<void> {
    await this.#commits.write("fact openings", (writing) =>
      writing
        .insertInto("fact")
        .values({ name: "openings", value: String(count) })
        .onConflict((conflict) =>
          conflict.column("name").doUpdateSet({
            value: sql`cast(cast(fact.value as integer) + ${sql.lit(count)} as text)`,
          }),
        )
        .execute(),
    );
  }

  /** How often the survey was opened by a browser that it did not know. */
  async openings(): Promise<number> {
    const row = await this.#database
      .selectFrom("fact")
      .select("value")
      .where("name", "=", "openings")
      .executeTakeFirst();
    return Number(row?.value ?? 0);
  }

  /** A copy of the embedded store as one file, as it stands between two transactions. */
  async backup(folder: string): Promise<Buffer> {
    const path = join(folder, `survey-${randomId()}.partial`);
    try {
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
