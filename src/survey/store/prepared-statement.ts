import { type Compilable, PostgresAdapter, type RawBuilder, sql } from "kysely";
import type { Database, StoreTransaction } from "./schema.ts";

/** The placeholder for a named value of a prepared statement. */
export type Value<Values> = <Name extends keyof Values & string>(name: Name) => RawBuilder<Values[Name]>;

/** A prepared statement: runs with these values, inside or outside a transaction. */
export type Prepared<Values, Row> = (on: Database | StoreTransaction, values: Values) => Promise<Row[]>;

/**
 * Compiles a statement once and then only inserts the values. Kysely compiles a statement at each use, which takes longer
 * than SQLite takes to run it. `build` names the values: `where("id", "=", value("id"))`.
 */
export function prepared<Values>() {
  return <Row>(
    database: Database,
    build: (database: Database, value: Value<Values>) => Compilable<Row>,
  ): Prepared<Values, Row> => {
    const built = build(database, (name) => sql.val(new NamedValue(name)) as RawBuilder<never>).compile();
    return async (on, values) => {
      const parameters = built.parameters.map((parameter) =>
        parameter instanceof NamedValue ? (values as Record<string, unknown>)[parameter.name] : parameter,
      );
      return (await on.executeQuery({ ...built, parameters })).rows as Row[];
    };
  };
}

class NamedValue {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** Whether several processes may write at the same time, so that rows have to be locked (PostgreSQL). */
export const locksRows = (database: Database): boolean =>
  database.getExecutor().adapter instanceof PostgresAdapter;
