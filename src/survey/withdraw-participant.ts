import { z } from "zod";
import type { Store } from "./store/store.ts";

/** What a withdrawal came to. */
export const WithdrawalResult = z.strictObject({
  /** The participant's random name in the tables. */
  participant: z.string(),
  answers: z.int(),
  /** Whether a keyed hash of an id or an invitation stays. */
  hash: z.boolean(),
});
export type WithdrawalResult = Readonly<z.infer<typeof WithdrawalResult>>;

/** Withdraws whoever `who` names; undefined where that is nobody. */
export async function withdrawParticipant(
  store: Store,
  who: string,
  now: number,
): Promise<WithdrawalResult | undefined> {
  // A personal link begins with the participant's name; its seal is the participant's business.
  const [, linked] = /\/my\/([a-z2-7]{26})-/.exec(who) ?? [];
  const participant = (await store.byId(linked ?? who))?.id ?? (await store.byServiceId(who));
  if (participant === undefined) return undefined;
  const answers = (await store.answers(participant)).size;
  const hash = (await store.recruitOf(participant)) !== undefined;
  await store.withdraw(participant, now);
  return { participant, answers, hash };
}
