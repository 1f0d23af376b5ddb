import type { Database, Writing } from "./store/schema.ts";

/** What a page noticed: its hidden field was filled in, as only programs do; or text was pasted into it. */
export type Sign = "trap" | "pasted";

/** The name of the field that people cannot see. */
export const trapField = "website";

/** Whether a page tells a sign by this field; it is no answer then. */
export const isSignField = (name: string): boolean => name === trapField || name === "pasted";

/** What the fields of a page tell. */
export function signsIn(fields: Readonly<Record<string, unknown>>): Sign[] {
  const filled = (name: string) => typeof fields[name] === "string" && fields[name] !== "";
  return [
    ...(filled(trapField) ? (["trap"] as const) : []),
    ...(filled("pasted") ? (["pasted"] as const) : []),
  ];
}

/** Keeps what a page noticed, beside its answer. Most pages notice nothing and cost nothing. */
export async function keepSigns(
  writing: Writing,
  { participant, question, signs = [] }: { participant: string; question: string; signs?: readonly Sign[] },
): Promise<void> {
  if (signs.length === 0) return;
  await writing
    .insertInto("sign")
    .values(signs.map((sign) => ({ participant, question, sign })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** All that was noticed, by participant. */
export async function signsByParticipant(database: Database): Promise<Map<string, Sign[]>> {
  const rows = await database
    .selectFrom("sign")
    .select(["participant", "sign"])
    .orderBy("participant")
    .orderBy("question")
    .orderBy("sign")
    .execute();
  const found = new Map<string, Sign[]>();
  for (const { participant, sign } of rows)
    found.set(participant, [...(found.get(participant) ?? []), sign as Sign]);
  return found;
}
