import type { Selectable } from "kysely";
import { parseJson } from "../workbench/files.ts";
import { randomId } from "./ids.ts";
import { prepared } from "./store/prepared-statement.ts";
import type { Database, StoreTransaction, Tables } from "./store/schema.ts";
import { Plan } from "./survey-plan.ts";

/** A participant, with the questions in the order shown. */
export interface Participant {
  readonly id: string;
  readonly form: string;
  readonly plan: Plan;
  readonly started: number;
  readonly completed: number | undefined;
  readonly withdrawn: number | undefined;
}

/** A new participant's id and secret. They differ, so that the exported id gives no access to the answers. */
export const newParticipant = (): { id: string; secret: string } => ({ id: randomId(), secret: randomId() });

export const parsePlan = (json: string): Plan => parseJson(json, Plan, "the survey store, participant.plan");

/** The columns read for a participant. The plan is long and never changes: `PlanCache` reads it once. */
export const participantColumns = ["id", "form", "started", "completed", "withdrawn"] as const;

export const participantFromRow = (
  row: Pick<Selectable<Tables["participant"]>, (typeof participantColumns)[number]>,
  plan: Plan,
): Participant => ({
  ...row,
  plan,
  completed: row.completed ?? undefined,
  withdrawn: row.withdrawn ?? undefined,
});

/** The plans kept in memory, the oldest removed first; about 4 kB each. */
const mostCached = 1000;

/** The plans of participants. A plan never changes, so it is read once and cached. */
export class PlanCache {
  readonly #cached = new Map<string, Plan>();
  readonly #read;

  constructor(database: Database) {
    this.#read = prepared<{ id: string }>()(database, (on, value) =>
      on.selectFrom("participant").select("plan").where("id", "=", value("id")),
    );
  }

  /** The plan of the participant with this id; undefined if there is none. */
  async planOf(on: Database | StoreTransaction, id: string): Promise<Plan | undefined> {
    const cached = this.#cached.get(id);
    if (cached) return cached;
    const [row] = await this.#read(on, { id });
    if (!row) return undefined;
    const plan = parsePlan(row.plan);
    this.#cached.set(id, plan);
    if (this.#cached.size > mostCached) this.#cached.delete(this.#cached.keys().next().value!);
    return plan;
  }
}
