import { afterAll, beforeAll, describe } from "vitest";
import type { Effects } from "../../src/workbench/effects.ts";
import { hasPostgres, type Postgres, startPostgres, withoutPostgres } from "../helpers/postgres.ts";
import { quietEffects } from "./fixture.ts";

/** Effects with the tested store in their environment. */
type StoreEffects = (changes?: Partial<Effects>) => ReturnType<typeof quietEffects>;

/** Runs a suite on the embedded store, and on PostgreSQL if it is available. */
export function eachStore(suite: (effects: StoreEffects, kind: "embedded" | "PostgreSQL") => void): void {
  describe("on the embedded store:", () => suite((changes) => quietEffects(changes), "embedded"));
  if (!hasPostgres()) console.warn(withoutPostgres);
  describe.skipIf(!hasPostgres())("on PostgreSQL:", () => {
    let postgres: Postgres;
    beforeAll(async () => {
      postgres = await startPostgres();
    });
    afterAll(() => postgres?.remove());
    suite(
      (changes) => quietEffects({ env: { TINYLOVE_DATABASE: postgres.address }, ...changes }),
      "PostgreSQL",
    );
  });
}
