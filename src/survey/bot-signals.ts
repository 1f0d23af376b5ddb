import type { Database, Writing } from "./store/schema.ts";

/** What a page noticed: its hidden field was filled in, as only programs do; or text was pasted into it. */
export type BotSignal = "trap" | "pasted";

/** The name of the field that people cannot see. */
export const honeypotField = "website";

/** Whether a page tells a sign by this field; it is no answer then. */
export const isBotSignalField = (name: string): boolean => name === honeypotField || name === "pasted";

/** What the fields of a page tell. */
export function botSignalsIn(fields: Readonly<Record<string, unknown>>): BotSignal[] {
  const filled = (name: string) => typeof fields[name] === "string" && fields[name] !== "";
  return [
    ...(filled(honeypotField) ? (["trap"] as const) : []),
    ...(filled("pasted") ? (["pasted"] as const) : []),
  ];
}

/** Keeps what a page noticed, beside its answer. Most pages notice nothing and cost nothing. */
export async function storeBotSignals(
  writing: Writing,
  {
    participant,
    question,
    signs = [],
  }: { participant: string; question: string; signs?: readonly BotSignal[] },
): Promise<void> {
  if (signs.length === 0) return;
  await writing
    .insertInto("sign")
    .values(signs.map((sign) => ({ participant, question, sign })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** All that was noticed, by participant. */
export async function botSignalsByParticipant(database: Database): Promise<Map<string, BotSignal[]>> {
  const rows = await database
    .selectFrom("sign")
    .select(["participant", "sign"])
    .orderBy("participant")
    .orderBy("question")
    .orderBy("sign")
    .execute();
  const found = new Map<string, BotSignal[]>();
  for (const { participant, sign } of rows)
    found.set(participant, [...(found.get(participant) ?? []), sign as BotSignal]);
  return found;
}
