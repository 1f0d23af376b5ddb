import type { Random } from "../stats/random.ts";
import { allocateForm, type FormLoad } from "./form-allocation.ts";
import { digest, hmac } from "./ids.ts";
import { prepared } from "./store/prepared-statement.ts";
import type { Database, StoreTransaction } from "./store/schema.ts";
import type { Plan } from "./survey-plan.ts";

/** A person sent by a recruiting service or an invitation: their id there, the id of the study and of this visit. */
export interface Recruit {
  readonly service: string;
  readonly person: string;
  readonly study: string;
  readonly visit: string;
}

/**
 * The reason why an arrival gets no place. `taken`: the id has a place in another browser. `withdrawn`: the person with this id has
 * withdrawn. `other`: the secret of this browser belongs to another person.
 */
export interface Refusal {
  readonly refused: "full" | "closed" | "taken" | "withdrawn" | "other";
}

/** A request for a place. The secret is the browser's; the store keeps only its digest. */
export interface Arrival {
  readonly id: string;
  readonly secret: string;
  readonly now: number;
  /** Milliseconds for which the place is reserved without an answer. */
  readonly reserve: number;
  readonly forms: readonly string[];
  /** The group of a form (its condition); groups get equally many participants. Default: one group. */
  groupOf?(form: string): string | undefined;
  readonly quota: number | undefined;
  readonly simulated: boolean;
  /** Who sent the person; a recruit has only one place. */
  readonly recruit?: Recruit | undefined;
  /** From which of `survey.sources` the person came. */
  readonly source?: string | undefined;
  /** `study`: the same id may take part again when the service sends it for another of its studies. */
  readonly oncePer?: "person" | "study";
  /** The order of questions for the allocated form. */
  planFor(form: string): Plan;
}

/** A newly allocated place. */
export interface Place {
  readonly form: string;
  readonly plan: Plan;
}

/** Allocates places, one at a time across all processes of the survey. */
export class ParticipantAllocator {
  readonly #lock;
  readonly #insert;
  readonly #completed;
  readonly #answering;

  constructor(database: Database) {
    // The transaction that updates this row has it locked until the commit.
    this.#lock = prepared<{ name: string }>()(database, (on, value) =>
      on
        .insertInto("fact")
        .values({ name: value("name"), value: "one at a time" })
        .onConflict((conflict) => conflict.column("name").doUpdateSet({ value: "one at a time" })),
    );
    this.#insert = prepared<ParticipantRow>()(database, (on, value) =>
      on.insertInto("participant").values({
        id: value("id"),
        secret: value("secret"),
        form: value("form"),
        plan: value("plan"),
        started: value("started"),
        reserved: value("reserved"),
        completed: null,
        withdrawn: null,
        simulated: value("simulated"),
      }),
    );
    // Each of the next two queries has an index of exactly the rows it counts.
    this.#completed = prepared<object>()(database, (on) =>
      on
        .selectFrom("participant")
        .select(["form", (select) => select.fn.countAll<number>().as("count")])
        .where("completed", "is not", null)
        .where("withdrawn", "is", null)
        .groupBy("form"),
    );
    this.#answering = prepared<{ now: number }>()(database, (on, value) =>
      on
        .selectFrom("participant")
        .select(["form", (select) => select.fn.countAll<number>().as("count")])
        .where("completed", "is", null)
        .where("withdrawn", "is", null)
        .where("reserved", ">", value("now"))
        .groupBy("form"),
    );
  }

  /** Gives a new arrival a place on the form that needs it most. */
  async allocate(
    transaction: StoreTransaction,
    arrival: Arrival,
    signingKey: string,
    random: Random,
  ): Promise<Place | Refusal> {
    const { recruit, oncePer = "person" } = arrival;
    if (recruit && (await isKnown(transaction, recruit, oncePer))) return { refused: "taken" };
    if (recruit && (await hasWithdrawn(transaction, idHashesOf(recruit, signingKey)[oncePer])))
      return { refused: "withdrawn" };
    const allocation = allocateForm(
      await this.loads(transaction, arrival.forms, arrival.now),
      arrival.quota,
      random,
      arrival.groupOf,
    );
    if ("refused" in allocation) return allocation;
    const place = { form: allocation.form, plan: arrival.planFor(allocation.form) };
    await this.insert(transaction, { ...arrival, ...place });
    if (arrival.recruit) {
      await transaction
        .insertInto("recruit")
        .values({ ...arrival.recruit, participant: arrival.id })
        .execute();
    }
    if (arrival.source !== undefined)
      await transaction
        .insertInto("source")
        .values({ participant: arrival.id, source: arrival.source })
        .execute();
    return place;
  }

  /** Locks the allocation against other processes until the commit. */
  async lock(transaction: StoreTransaction): Promise<void> {
    await this.#lock(transaction, { name: "allocation" });
  }

  async insert(
    transaction: StoreTransaction,
    { id, secret, now, reserve, simulated, form, plan }: Place & Omit<Arrival, "forms" | "quota" | "planFor">,
  ): Promise<void> {
    await this.#insert(transaction, {
      id,
      secret: digest(secret),
      form,
      plan: JSON.stringify(plan),
      started: now,
      reserved: now + reserve,
      simulated: simulated ? 1 : 0,
    });
  }

  /** How many participants have completed each form, and how many are answering it now. */
  async loads(
    on: Database | StoreTransaction,
    forms: readonly string[],
    now: number,
  ): Promise<Map<string, FormLoad>> {
    const completed = countsOf(await this.#completed(on, {}));
    const answering = countsOf(await this.#answering(on, { now }));
    return new Map(
      forms.map((form) => [
        form,
        { completed: completed.get(form) ?? 0, reserved: answering.get(form) ?? 0 },
      ]),
    );
  }
}

interface ParticipantRow {
  readonly id: string;
  readonly secret: string;
  readonly form: string;
  readonly plan: string;
  readonly started: number;
  readonly reserved: number;
  readonly simulated: number;
}

const countsOf = (rows: readonly { form: string; count: number }[]): Map<string, number> =>
  new Map(rows.map(({ form, count }) => [form, Number(count)]));

async function isKnown(
  transaction: StoreTransaction,
  { service, person, study }: Recruit,
  oncePer: "person" | "study",
): Promise<boolean> {
  const row = await transaction
    .selectFrom("recruit")
    .select("participant")
    .where("service", "=", service)
    .where("person", "=", person)
    .$if(oncePer === "study", (select) => select.where("study", "=", study))
    .executeTakeFirst();
  return row !== undefined;
}

async function hasWithdrawn(transaction: StoreTransaction, idHash: string): Promise<boolean> {
  const row = await transaction
    .selectFrom("used")
    .select("person")
    .where("person", "=", idHash)
    .executeTakeFirst();
  return row !== undefined;
}

/** What remains of an id after a withdrawal: keyed hashes, which reveal nothing without the store's key. */
export const idHashesOf = (
  { service, person, study }: Recruit,
  signingKey: string,
): Readonly<Record<"person" | "study", string>> => ({
  person: hmac(signingKey, "used", service, person),
  study: hmac(signingKey, "used in a study", service, person, study),
});
