import { type Compilable, PostgresAdapter, type RawBuilder, sql } from "kysely";
import type { Database, Writing } from "./schema.ts";

/** Where a prepared statement's value of a name goes. */
export type Value<Values> = <Name extends keyof Values & string>(name: Name) => RawBuilder<Values[Name]>;

/** A statement that is ready: what it finds with these values, inside a transaction or outside. */
export type Prepared<Values, Row> = (on: Database | Writing, values: Values) => Promise<Row[]>;

/**
 * Builds a statement once. Kysely builds it anew at each use, which takes longer than SQLite takes to run it; here
 * only the values are put in. `build` names the values: `where("id", "=", value("id"))`.
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

/** True where several processes may write at once, so that a row has to be locked while it is looked at. */
export const locksRows = (database: Database): boolean =>
  database.getExecutor().adapter instanceof PostgresAdapter;
