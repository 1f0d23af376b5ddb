import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Selectable, sql } from "kysely";
import type { Random } from "../stats/random.ts";
import { parseJson } from "../workbench/files.ts";
import { allocate, type Load } from "./allocate.ts";
import { Commits } from "./commits.ts";
import type { Database, Tables, Writing } from "./database.ts";
import { digest, randomId } from "./ids.ts";
import type { Counted } from "./overview.ts";
import { Plan, type PlannedQuestion } from "./plan.ts";

/** Somebody who takes part, with the questions in the order shown. */
export interface Participant {
  readonly id: string;
  readonly form: string;
  readonly plan: Plan;
  readonly started: number;
  readonly completed: number | undefined;
  readonly withdrawn: number | undefined;
}

/** Somebody whom a recruiting service or an invitation sent: their id there, the study's, and that of this visit. */
export interface Recruit {
  readonly service: string;
  readonly person: string;
  readonly study: string;
  readonly visit: string;
}

/** Why an arrival gets no place; `taken` is an id that has one in another browser. */
export interface Refusal {
  readonly refused: "full" | "closed" | "taken";
}

/** An arrival asks for a place. The secret is the browser's; the store keeps its digest. */
export interface Arrival {
  readonly id: string;
  readonly secret: string;
  readonly now: number;
  /** Milliseconds for which the place is kept without an answer. */
  readonly reserve: number;
  readonly forms: readonly string[];
  readonly quota: number | undefined;
  readonly simulated: boolean;
  /** Who sent them; the same recruit has one place. */
  readonly recruit?: Recruit | undefined;
  /** The way through the form that was allotted. */
  planFor(form: string): Plan;
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
  readonly change: boolean;
}

/**
 * What became of a submission: `stored`; `repeated`, the same under the same key; `conflict`, another answer under a
 * key that is used up; `kept`, the question was answered before and may not be changed; `over`, after the last
 * answer or a withdrawal; `unknown`, no question of this participant's.
 */
export type Outcome = "stored" | "repeated" | "conflict" | "kept" | "over" | "unknown";

export type GivenAnswers = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** The survey's memory. Every change goes through one queue of transactions and is on disk when its promise resolves. */
export class Store {
  readonly #database: Database;
  readonly #commits: Commits;

  constructor(database: Database) {
    this.#database = database;
    this.#commits = new Commits(database);
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
      await lockAllocation(writing);
      const known = await bySecret(writing, arrival.secret);
      if (known) return known;
      if (arrival.recruit && (await isKnown(writing, arrival.recruit))) return { refused: "taken" };
      const loads = await loadsOf(writing, arrival.forms, arrival.now);
      const allocation = allocate(loads, arrival.quota, random);
      if ("refused" in allocation) return allocation;
      const plan = arrival.planFor(allocation.form);
      await insertParticipant(writing, { ...arrival, form: allocation.form, plan });
      if (arrival.recruit) {
        await writing
          .insertInto("recruit")
          .values({ ...arrival.recruit, participant: arrival.id })
          .execute();
      }
      return {
        id: arrival.id,
        form: allocation.form,
        plan,
        started: arrival.now,
        completed: undefined,
        withdrawn: undefined,
      };
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
      insertParticipant(writing, { ...admitted, reserve: 0, simulated: false }),
    );
  }

  /** Who holds this secret. */
  participant(secret: string): Promise<Participant | undefined> {
    return bySecret(this.#database, secret);
  }

  /** Whose id this is. */
  async byId(id: string): Promise<Participant | undefined> {
    const row = await this.#database
      .selectFrom("participant")
      .select(participantColumns)
      .where("id", "=", id)
      .executeTakeFirst();
    return row && participantOf(row);
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
    });
  }

  /** The answers that a participant has given, by question. */
  async answers(participant: string): Promise<GivenAnswers> {
    const rows = await this.#database
      .selectFrom("answer")
      .select(["question", "response"])
      .where("participant", "=", participant)
      .execute();
    return new Map(rows.map(({ question, response }) => [question, JSON.parse(response)]));
  }

  /** Stores an answer; with the last one the response is complete. */
  answer(submission: Submission): Promise<Outcome> {
    return this.#commits.write(`participant ${submission.participant}`, async (writing) => {
      // Renewing the reservation first also keeps a second process from answering for the same participant meanwhile.
      const row = await writing
        .updateTable("participant")
        .set({ reserved: submission.now + submission.reserve })
        .where("id", "=", submission.participant)
        .returning(["plan", "completed", "withdrawn"])
        .executeTakeFirst();
      if (!row) return "unknown";
      const plan = parsePlan(row.plan);
      const position = plan.findIndex(({ question }) => question === submission.question);
      const planned = plan[position];
      if (!planned) return "unknown";

      const earlier = await outcomeUnderKey(writing, submission);
      if (earlier) return earlier;
      if (row.completed !== null || row.withdrawn !== null) return "over";
      await rememberKey(writing, submission);
      if (!(await putAnswer(writing, submission, planned, position + 1))) return "kept";
      await completeWhenAnswered(writing, submission, plan.length);
      return "stored";
    });
  }

  /** How many have completed each form, and how many are answering it now. */
  loads(forms: readonly string[], now: number): Promise<Map<string, Load>> {
    return loadsOf(this.#database, forms, now);
  }

  /** Everything that is exported, in an order that tells nothing: by participant, then as shown. */
  async everything() {
    const participants = await this.#database
      .selectFrom("participant")
      .select(["id", "form", "started", "completed", "withdrawn", "simulated"])
      .where("withdrawn", "is", null)
      .orderBy("id")
      .execute();
    const answers = await this.#database
      .selectFrom("answer")
      .innerJoin("participant", "participant.id", "answer.participant")
      .selectAll("answer")
      .select(["participant.form", "participant.simulated"])
      .where("participant.withdrawn", "is", null)
      .orderBy("answer.participant")
      .orderBy("answer.position")
      .execute();
    return { participants, answers };
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

/** One allocation at a time, across all processes: whoever updates this row holds it until the commit. */
async function lockAllocation(writing: Writing): Promise<void> {
  await writing
    .insertInto("fact")
    .values({ name: "allocation", value: "one at a time" })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value: "one at a time" }))
    .execute();
}

async function insertParticipant(
  writing: Writing,
  entry: Pick<Arrival, "id" | "secret" | "now" | "reserve" | "simulated"> & { form: string; plan: Plan },
): Promise<void> {
  await writing
    .insertInto("participant")
    .values({
      id: entry.id,
      secret: digest(entry.secret),
      form: entry.form,
      plan: JSON.stringify(entry.plan),
      started: entry.now,
      reserved: entry.now + entry.reserve,
      completed: null,
      withdrawn: null,
      simulated: entry.simulated ? 1 : 0,
    })
    .execute();
}

const participantColumns = ["id", "form", "plan", "started", "completed", "withdrawn"] as const;

async function bySecret(database: Database | Writing, secret: string): Promise<Participant | undefined> {
  const row = await database
    .selectFrom("participant")
    .select(participantColumns)
    .where("secret", "=", digest(secret))
    .executeTakeFirst();
  return row && participantOf(row);
}

function participantOf(
  row: Pick<Selectable<Tables["participant"]>, (typeof participantColumns)[number]>,
): Participant {
  return {
    ...row,
    plan: parsePlan(row.plan),
    completed: row.completed ?? undefined,
    withdrawn: row.withdrawn ?? undefined,
  };
}

async function isKnown(writing: Writing, { service, person, study }: Recruit): Promise<boolean> {
  const row = await writing
    .selectFrom("recruit")
    .select("participant")
    .where("service", "=", service)
    .where("person", "=", person)
    .where("study", "=", study)
    .executeTakeFirst();
  return row !== undefined;
}

const parsePlan = (json: string): Plan => parseJson(json, Plan, "the survey store, participant.plan");

async function loadsOf(
  database: Database | Writing,
  forms: readonly string[],
  now: number,
): Promise<Map<string, Load>> {
  const rows = await database
    .selectFrom("participant")
    .select(["form", sql<number>`count(completed)`.as("completed"), sql<number>`count(*)`.as("all")])
    .where("withdrawn", "is", null)
    .where((where) => where.or([where("completed", "is not", null), where("reserved", ">", now)]))
    .groupBy("form")
    .execute();
  const found = new Map(rows.map((row) => [row.form, row]));
  return new Map(
    forms.map((form) => {
      const { completed = 0, all = 0 } = found.get(form) ?? {};
      return [form, { completed: Number(completed), reserved: Number(all) - Number(completed) }];
    }),
  );
}

const digestOf = ({ question, response }: Submission): string => digest(JSON.stringify([question, response]));

async function outcomeUnderKey(writing: Writing, submission: Submission): Promise<Outcome | undefined> {
  const used = await writing
    .selectFrom("submission")
    .select("digest")
    .where("participant", "=", submission.participant)
    .where("key", "=", submission.key)
    .executeTakeFirst();
  if (!used) return undefined;
  return used.digest === digestOf(submission) ? "repeated" : "conflict";
}

async function rememberKey(writing: Writing, submission: Submission): Promise<void> {
  const { participant, key } = submission;
  await writing
    .insertInto("submission")
    .values({ participant, key, digest: digestOf(submission) })
    .execute();
}

/** False where the question had an answer that stays. */
async function putAnswer(
  writing: Writing,
  { participant, question, response, ms, now, change }: Submission,
  { task, stimuli, side }: PlannedQuestion,
  position: number,
): Promise<boolean> {
  const given = { response: JSON.stringify(response), ms: ms ?? null, at: now };
  const written = await writing
    .insertInto("answer")
    .values({
      participant,
      question,
      position,
      task,
      stimuli: JSON.stringify(stimuli),
      side: side ?? null,
      ...given,
    })
    .onConflict((conflict) => {
      const again = conflict.columns(["participant", "question"]);
      return change ? again.doUpdateSet(given) : again.doNothing();
    })
    .returning("position")
    .executeTakeFirst();
  return written !== undefined;
}

async function completeWhenAnswered(
  writing: Writing,
  { participant, now }: Submission,
  questions: number,
): Promise<void> {
  const { count } = await writing
    .selectFrom("answer")
    .select((select) => select.fn.countAll<number>().as("count"))
    .where("participant", "=", participant)
    .executeTakeFirstOrThrow();
  if (Number(count) < questions) return;
  await writing.updateTable("participant").set({ completed: now }).where("id", "=", participant).execute();
}

/** A new participant's name: the secret is another one, so that an exported table opens nobody's answers. */
export const newParticipant = (): { id: string; secret: string } => ({ id: randomId(), secret: randomId() });
