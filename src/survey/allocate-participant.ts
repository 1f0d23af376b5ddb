import type { Random } from "../stats/random.ts";
import { allocateForm, type FormLoad } from "./form-allocation.ts";
import { digest, hmac } from "./ids.ts";
import { prepared } from "./store/prepared-statement.ts";
import type { Database, Writing } from "./store/schema.ts";
import type { Plan } from "./survey-plan.ts";

/** Somebody whom a recruiting service or an invitation sent: their id there, the study's, and that of this visit. */
export interface Recruit {
  readonly service: string;
  readonly person: string;
  readonly study: string;
  readonly visit: string;
}

/**
 * Why an arrival gets no place: `taken` is an id that has one in another browser, `withdrawn` one that withdrew, `other` a
 * browser whose secret is somebody else's.
 */
export interface Refusal {
  readonly refused: "full" | "closed" | "taken" | "withdrawn" | "other";
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
  /** Whether the same id may take part again where the service sends it for another study of theirs. */
  readonly oncePer?: "person" | "study";
  /** The way through the form that was allotted. */
  planFor(form: string): Plan;
}

/** A place, newly given. */
export interface Place {
  readonly form: string;
  readonly plan: Plan;
}

/** Gives places in a study whose allocation is one at a time, across all its processes. */
export class ParticipantAllocator {
  readonly #lock;
  readonly #insert;
  readonly #completed;
  readonly #live;

  constructor(database: Database) {
    // Whoever updates this row holds it until the commit.
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
    // Each of the two has an index that holds just what it counts.
    this.#completed = prepared<object>()(database, (on) =>
      on
        .selectFrom("participant")
        .select(["form", (select) => select.fn.countAll<number>().as("count")])
        .where("completed", "is not", null)
        .where("withdrawn", "is", null)
        .groupBy("form"),
    );
    this.#live = prepared<{ now: number }>()(database, (on, value) =>
      on
        .selectFrom("participant")
        .select(["form", (select) => select.fn.countAll<number>().as("count")])
        .where("completed", "is", null)
        .where("withdrawn", "is", null)
        .where("reserved", ">", value("now"))
        .groupBy("form"),
    );
  }

  /** Gives an arrival whom nobody knows yet a place on the form that needs it most. */
  async allocate(
    writing: Writing,
    arrival: Arrival,
    sealKey: string,
    random: Random,
  ): Promise<Place | Refusal> {
    const { recruit, oncePer = "person" } = arrival;
    if (recruit && (await isKnown(writing, recruit, oncePer))) return { refused: "taken" };
    if (recruit && (await hasWithdrawn(writing, idHashesOf(recruit, sealKey)[oncePer])))
      return { refused: "withdrawn" };
    const allocation = allocateForm(
      await this.loads(writing, arrival.forms, arrival.now),
      arrival.quota,
      random,
    );
    if ("refused" in allocation) return allocation;
    const place = { form: allocation.form, plan: arrival.planFor(allocation.form) };
    await this.insert(writing, { ...arrival, ...place });
    if (arrival.recruit) {
      await writing
        .insertInto("recruit")
        .values({ ...arrival.recruit, participant: arrival.id })
        .execute();
    }
    return place;
  }

  /** Waits until no other process allots a place, and keeps them waiting until the commit. */
  async lock(writing: Writing): Promise<void> {
    await this.#lock(writing, { name: "allocation" });
  }

  async insert(
    writing: Writing,
    { id, secret, now, reserve, simulated, form, plan }: Place & Omit<Arrival, "forms" | "quota" | "planFor">,
  ): Promise<void> {
    await this.#insert(writing, {
      id,
      secret: digest(secret),
      form,
      plan: JSON.stringify(plan),
      started: now,
      reserved: now + reserve,
      simulated: simulated ? 1 : 0,
    });
  }

  /** How many have completed each form, and how many are answering it now. */
  async loads(on: Database | Writing, forms: readonly string[], now: number): Promise<Map<string, FormLoad>> {
    const completed = countsOf(await this.#completed(on, {}));
    const live = countsOf(await this.#live(on, { now }));
    return new Map(
      forms.map((form) => [form, { completed: completed.get(form) ?? 0, reserved: live.get(form) ?? 0 }]),
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
  writing: Writing,
  { service, person, study }: Recruit,
  oncePer: "person" | "study",
): Promise<boolean> {
  const row = await writing
    .selectFrom("recruit")
    .select("participant")
    .where("service", "=", service)
    .where("person", "=", person)
    .$if(oncePer === "study", (select) => select.where("study", "=", study))
    .executeTakeFirst();
  return row !== undefined;
}

async function hasWithdrawn(writing: Writing, mark: string): Promise<boolean> {
  const row = await writing.selectFrom("used").select("person").where("person", "=", mark).executeTakeFirst();
  return row !== undefined;
}

/** What stays of an id after a withdrawal: keyed hashes, from which nobody without the store's key can find the id. */
export const idHashesOf = (
  { service, person, study }: Recruit,
  sealKey: string,
): Readonly<Record<"person" | "study", string>> => ({
  person: hmac(sealKey, "used", service, person),
  study: hmac(sealKey, "used in a study", service, person, study),
});
