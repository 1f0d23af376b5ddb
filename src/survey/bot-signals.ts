import type { Database, StoreTransaction } from "./store/schema.ts";

/** A sign of automated answers: the hidden field was filled in (`trap`), or text was pasted (`pasted`). */
export type BotSignal = "trap" | "pasted";

/** The name of the hidden field: people cannot see it, programs may fill it in. */
export const honeypotField = "website";

/** Whether a form field is a bot signal and not part of the answer. */
export const isBotSignalField = (name: string): boolean => name === honeypotField || name === "pasted";

/** The bot signals in the fields of a posted page. */
export function botSignalsIn(fields: Readonly<Record<string, unknown>>): BotSignal[] {
  const filled = (name: string) => typeof fields[name] === "string" && fields[name] !== "";
  return [
    ...(filled(honeypotField) ? (["trap"] as const) : []),
    ...(filled("pasted") ? (["pasted"] as const) : []),
  ];
}

/** Stores the bot signals of an answer. Most answers have none and cost no write. */
export async function storeBotSignals(
  transaction: StoreTransaction,
  {
    participant,
    question,
    botSignals = [],
  }: { participant: string; question: string; botSignals?: readonly BotSignal[] },
): Promise<void> {
  if (botSignals.length === 0) return;
  await transaction
    .insertInto("sign")
    .values(botSignals.map((sign) => ({ participant, question, sign })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** All bot signals by participant. */
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
