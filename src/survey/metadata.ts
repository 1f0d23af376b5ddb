import { sql } from "kysely";
import { randomId } from "./ids.ts";
import type { GroupCommit } from "./store/group-commit.ts";
import type { Database } from "./store/schema.ts";

/** What the store records about itself and not about participants: its key, the hash of its materials, interim looks, visits. */
export class Metadata {
  readonly #database: Database;
  readonly #commits: GroupCommit;

  constructor(database: Database, commits: GroupCommit) {
    this.#database = database;
    this.#commits = commits;
  }

  /** The value with this name; created by `make` if there is none yet. */
  async getOrCreate(name: string, make: () => string): Promise<string> {
    return this.#commits.write(`fact ${name}`, async (transaction) => {
      await transaction
        .insertInto("fact")
        .values({ name, value: make() })
        .onConflict((conflict) => conflict.column("name").doNothing())
        .execute();
      const { value } = await transaction
        .selectFrom("fact")
        .select("value")
        .where("name", "=", name)
        .executeTakeFirstOrThrow();
      return value;
    });
  }

  async set(name: string, value: string): Promise<void> {
    await this.#commits.write(`fact ${name}`, (transaction) =>
      transaction
        .insertInto("fact")
        .values({ name, value })
        .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
        .execute(),
    );
  }

  /** Whether newcomers are turned away. */
  async paused(): Promise<boolean> {
    return (await this.#value("paused")) === "yes";
  }

  async setPaused(paused: boolean): Promise<void> {
    await this.set("paused", paused ? "yes" : "no");
  }

  async #value(name: string): Promise<string | undefined> {
    const row = await this.#database
      .selectFrom("fact")
      .select("value")
      .where("name", "=", name)
      .executeTakeFirst();
    return row?.value;
  }

  /** Records that somebody looked at the results before the end. */
  async recordLook(now: number): Promise<void> {
    await this.set(`look ${new Date(now).toISOString()} ${randomId().slice(0, 4)}`, "");
  }

  /** The times at which somebody looked at the results before the end. */
  async looks(): Promise<string[]> {
    const rows = await this.#database
      .selectFrom("fact")
      .select("name")
      .where("name", "like", "look %")
      .execute();
    return rows.map(({ name }) => name.split(" ")[1]!).sort();
  }

  /** Adds visits to the survey by unknown browsers. */
  async addVisits(count: number): Promise<void> {
    await this.#commits.write("fact openings", (transaction) =>
      transaction
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

  /** How often an unknown browser has opened the survey. */
  async visits(): Promise<number> {
    return Number((await this.#value("openings")) ?? 0);
  }
}
