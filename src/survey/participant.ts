import type { Selectable } from "kysely";
import { parseJson } from "../workbench/files.ts";
import { randomId } from "./ids.ts";
import { prepared } from "./store/prepared-statement.ts";
import type { Database, Tables, Writing } from "./store/schema.ts";
import { Plan } from "./survey-plan.ts";

/** Somebody who takes part, with the questions in the order shown. */
export interface Participant {
  readonly id: string;
  readonly form: string;
  readonly plan: Plan;
  readonly started: number;
  readonly completed: number | undefined;
  readonly withdrawn: number | undefined;
}

/** A new participant's name: the secret is another one, so that an exported table opens nobody's answers. */
export const newParticipant = (): { id: string; secret: string } => ({ id: randomId(), secret: randomId() });

export const parsePlan = (json: string): Plan => parseJson(json, Plan, "the survey store, participant.plan");

/** What is read of a participant; the plan, which is long and never changes, comes from `Plans`. */
export const participantColumns = ["id", "form", "started", "completed", "withdrawn"] as const;

export const participantOf = (
  row: Pick<Selectable<Tables["participant"]>, (typeof participantColumns)[number]>,
  plan: Plan,
): Participant => ({
  ...row,
  plan,
  completed: row.completed ?? undefined,
  withdrawn: row.withdrawn ?? undefined,
});

/** So many ways through a form are kept in memory, those that were asked for last: about 4 kB each. */
const mostCached = 1000;

/** The ways of participants through their forms. A way never changes, so those in use are read once. */
export class PlanCache {
  readonly #kept = new Map<string, Plan>();
  readonly #read;

  constructor(database: Database) {
    this.#read = prepared<{ id: string }>()(database, (on, value) =>
      on.selectFrom("participant").select("plan").where("id", "=", value("id")),
    );
  }

  /** The way of the participant of this id; undefined where there is none. */
  async planOf(on: Database | Writing, id: string): Promise<Plan | undefined> {
    const kept = this.#kept.get(id);
    if (kept) return kept;
    const [row] = await this.#read(on, { id });
    if (!row) return undefined;
    const plan = parsePlan(row.plan);
    this.#kept.set(id, plan);
    if (this.#kept.size > mostCached) this.#kept.delete(this.#kept.keys().next().value!);
    return plan;
  }
}
