import { sql } from "kysely";
import { randomId } from "./ids.ts";
import type { GroupCommit } from "./store/group-commit.ts";
import type { Database } from "./store/schema.ts";

/** What the store knows of itself and of nobody who takes part: its seals, what it asks about, who looked, how often it was opened. */
export class Metadata {
  readonly #database: Database;
  readonly #commits: GroupCommit;

  constructor(database: Database, commits: GroupCommit) {
    this.#database = database;
    this.#commits = commits;
  }

  /** A value that the store keeps of itself, made once by `make`. */
  async getOrCreate(name: string, make: () => string): Promise<string> {
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

  async set(name: string, value: string): Promise<void> {
    await this.#commits.write(`fact ${name}`, (writing) =>
      writing
        .insertInto("fact")
        .values({ name, value })
        .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
        .execute(),
    );
  }

  /** Writes down that somebody looked at the results before the end. */
  async recordLook(now: number): Promise<void> {
    await this.set(`look ${new Date(now).toISOString()} ${randomId().slice(0, 4)}`, "");
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

  /** Counts openings of the survey by browsers that it does not know. */
  async addVisits(count: number): Promise<void> {
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
  async visits(): Promise<number> {
    const row = await this.#database
      .selectFrom("fact")
      .select("value")
      .where("name", "=", "openings")
      .executeTakeFirst();
    return Number(row?.value ?? 0);
  }
}
