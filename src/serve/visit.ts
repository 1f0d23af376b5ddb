import type { FastifyReply, FastifyRequest } from "fastify";
import type { Site } from "./context.ts";
import { randomId, same, sealed } from "./ids.ts";
import type { Participant } from "./participant.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** The fields of the form that was posted. */
export const fieldsOf = (request: FastifyRequest): Fields =>
  request.body !== null && typeof request.body === "object" ? (request.body as Fields) : {};

/** True for the page's script, which is told in JSON where to go; a form without it gets pages. */
export const wantsJson = (request: FastifyRequest): boolean => request.headers.accept === "application/json";

const cookieName = ({ study }: Site) => (study.config.survey.proxy ? "__Host-participant" : "participant");

/** The secret by which a browser is known again. */
export function secretOf(request: FastifyRequest, site: Site): string | undefined {
  const value = request.cookies[cookieName(site)];
  return value && /^[a-z2-7]{26}$/.test(value) ? value : undefined;
}

/** A new secret for a browser; nothing of it is stored before consent. */
export function giveSecret(reply: FastifyReply, site: Site): string {
  const { proxy, recruiting } = site.study.config.survey;
  const secret = randomId();
  // In MTurk's frame the site is a third party, whose cookies a browser keeps for that frame alone.
  const framed = proxy && recruiting?.service === "mturk";
  reply.setCookie(cookieName(site), secret, {
    path: "/",
    httpOnly: true,
    sameSite: framed ? "none" : "lax",
    partitioned: framed,
    secure: proxy,
    maxAge: 90 * 24 * 3600,
  });
  return secret;
}

/** What a form of ours carries: no other site can make it, for no other site knows the secret. */
export const sealFor = ({ sealKey }: Site, secret: string): string => sealed(sealKey, "form", secret);

export function sealHolds(request: FastifyRequest, site: Site, secret: string): boolean {
  const { seal } = fieldsOf(request);
  return typeof seal === "string" && same(seal, sealFor(site, secret));
}

/** Whose browser this is. */
export async function participantOf(request: FastifyRequest, site: Site): Promise<Participant | undefined> {
  const secret = secretOf(request, site);
  return secret ? site.store.participant(secret) : undefined;
}

/** A participant's own page: the seal shows that only this server made the address. */
export const personalAddress = ({ sealKey }: Site, { id }: Participant): string =>
  `/my/${id}-${sealed(sealKey, "personal", id)}`;

/** Where somebody goes on who has answered so many: at the first question without an answer. */
export function nextPlace({ completed, withdrawn }: Participant, answered: number): string {
  if (withdrawn) return "/withdrawn";
  if (completed) return "/thanks";
  return answered === 0 ? "/instructions" : `/q/${answered + 1}`;
}

export async function placeOf({ store }: Site, participant: Participant): Promise<string> {
  const { answered } = await store.progress(participant.id);
  return nextPlace(participant, answered);
}
