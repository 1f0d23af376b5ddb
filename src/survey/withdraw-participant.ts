import { z } from "zod";
import type { Store } from "./store/store.ts";

/** The result of a withdrawal. */
export const WithdrawalResult = z.strictObject({
  /** The participant's random name in the tables. */
  participant: z.string(),
  answers: z.int(),
  /** Whether a keyed hash of an id or invitation stays in the store. */
  hash: z.boolean(),
});
export type WithdrawalResult = Readonly<z.infer<typeof WithdrawalResult>>;

/** Withdraws the participant named by `who`: an id, a personal link or a service's id. Undefined if there is none. */
export async function withdrawParticipant(
  store: Store,
  who: string,
  now: number,
): Promise<WithdrawalResult | undefined> {
  // A personal link contains the participant's id; the researcher may use it without a check of its signature.
  const [, linked] = /\/my\/([a-z2-7]{26})-/.exec(who) ?? [];
  const participant = (await store.byId(linked ?? who))?.id ?? (await store.byServiceId(who));
  if (participant === undefined) return undefined;
  const answers = (await store.answers(participant)).size;
  const hash = (await store.recruitOf(participant)) !== undefined;
  await store.withdraw(participant, now);
  return { participant, answers, hash };
}
