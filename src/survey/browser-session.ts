import type { FastifyReply, FastifyRequest } from "fastify";
import type { Recruit } from "./allocate-participant.ts";
import { base32, equalSecrets, hmac, randomId } from "./ids.ts";
import type { Participant } from "./participant.ts";
import type { SurveyContext } from "./survey-context.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** The fields of the form that was posted. */
export const formFields = (request: FastifyRequest): Fields =>
  request.body !== null && typeof request.body === "object" ? (request.body as Fields) : {};

/** True for the page's script, which is told in JSON where to go; a form without it gets pages. */
export const wantsJson = (request: FastifyRequest): boolean => request.headers.accept === "application/json";

/** Somebody at a browser: the secret of their place, and a mark of the id in the address that they came by. */
interface KnownVisitor {
  readonly secret: string;
  /** Empty for who came by a plain link. */
  readonly idHash: string;
}

/** So many people of one browser are kept apart. */
const mostVisitors = 10;

const cookieName = ({ study, base }: SurveyContext): string => {
  if (!study.config.survey.proxy) return "participant";
  return base ? "__Secure-participant" : "__Host-participant";
};

/** Everybody who came with this browser: whose turn it is comes first. */
function visitorsOf(request: FastifyRequest, context: SurveyContext): KnownVisitor[] {
  const entries = (request.cookies[cookieName(context)] ?? "").split(".", mostVisitors);
  return entries.flatMap((entry) => {
    const [, secret, idHash = ""] = /^([a-z2-7]{26})(?:~([a-z2-7]{8}))?$/.exec(entry) ?? [];
    return secret ? [{ secret, idHash }] : [];
  });
}

function setVisitorCookie(
  reply: FastifyReply,
  context: SurveyContext,
  visitors: readonly KnownVisitor[],
): void {
  const { proxy, recruiting } = context.study.config.survey;
  // In MTurk's frame the site is a third party, whose cookies a browser keeps for that frame alone.
  const framed = proxy && recruiting?.service === "mturk";
  const value = visitors
    .slice(0, mostVisitors)
    .map(({ secret, idHash }) => (idHash ? `${secret}~${idHash}` : secret))
    .join(".");
  reply.setCookie(cookieName(context), value, {
    path: context.base || "/",
    httpOnly: true,
    sameSite: framed ? "none" : "lax",
    partitioned: framed,
    secure: proxy,
    maxAge: 90 * 24 * 3600,
  });
}

/**
 * The secret by which somebody is known again: of several people at one browser the one whose page was posted, else the
 * one whose turn it is.
 */
export function secretOf(request: FastifyRequest, context: SurveyContext): string | undefined {
  const visitors = visitorsOf(request, context);
  const { seal } = formFields(request);
  const posted =
    typeof seal === "string" && visitors.length > 1
      ? visitors.find(({ secret }) => equalSecrets(seal, sealFor(context, secret)))
      : undefined;
  return (posted ?? visitors[0])?.secret;
}

/** Gives a browser a new secret, for whoever `recruit` is; nothing of it is stored before consent. */
export function issueSecret(
  request: FastifyRequest,
  reply: FastifyReply,
  context: SurveyContext,
  { recruit, turn = false }: { readonly recruit?: Recruit | undefined; readonly turn?: boolean } = {},
): string {
  const idHash = recruit ? idHashOf(context, recruit) : "";
  const visitor = { secret: randomId(), idHash };
  const [first, ...rest] = visitorsOf(request, context).filter(
    (one) => idHash === "" || one.idHash !== idHash,
  );
  // Who has only opened the survey takes nobody else's turn.
  const others = first ? [first, ...rest] : [];
  setVisitorCookie(reply, context, turn || !first ? [visitor, ...others] : [first, visitor, ...rest]);
  return visitor.secret;
}

/** Whose page was posted has the turn from then on. */
export function makeCurrent(
  request: FastifyRequest,
  reply: FastifyReply,
  context: SurveyContext,
  secret: string,
): void {
  const visitors = visitorsOf(request, context);
  const at = visitors.findIndex((one) => one.secret === secret);
  if (at > 0) setVisitorCookie(reply, context, [visitors[at]!, ...visitors.toSpliced(at, 1)]);
}

/**
 * The secret of whoever opens the survey: an id or an invitation in the address is somebody of their own, whoever else
 * came with this browser; a plain link is whoever has the turn. Undefined for somebody new.
 */
export async function secretOfArrival(
  request: FastifyRequest,
  reply: FastifyReply,
  context: SurveyContext,
  recruit: Recruit | undefined,
): Promise<string | undefined> {
  const visitors = visitorsOf(request, context);
  if (!recruit) {
    // Who came by an id and did not consent is somebody else than who comes by a plain link.
    for (const { secret, idHash } of visitors)
      if (idHash === "" || (await context.store.bySecret(secret))) return secret;
    return undefined;
  }
  const idHash = idHashOf(context, recruit);
  const own =
    visitors.find((one) => one.idHash === idHash) ?? (await visitorWithoutHash(visitors, context, recruit));
  if (own && (await context.store.bySecret(own.secret))) makeCurrent(request, reply, context, own.secret);
  return own?.secret;
}

/** A browser that came before people were kept apart has no marks: the store knows whom the service sent. */
async function visitorWithoutHash(
  visitors: readonly KnownVisitor[],
  { store }: SurveyContext,
  recruit: Recruit,
): Promise<KnownVisitor | undefined> {
  for (const visitor of visitors.filter(({ idHash }) => idHash === "")) {
    const participant = await store.bySecret(visitor.secret);
    const known = participant && (await store.recruitOf(participant.id));
    if (known?.service === recruit.service && known.person === recruit.person) return visitor;
  }
  return undefined;
}

/** What a browser keeps of an id: too little to find it, enough to tell two people apart. */
function idHashOf({ sealKey, study }: SurveyContext, recruit: Recruit): string {
  const again = study.config.survey.recruiting?.oncePer === "study" ? [recruit.study] : [];
  return base32(
    Buffer.from(hmac(sealKey, "browser", recruit.service, recruit.person, ...again), "base64url"),
  ).slice(0, 8);
}

/** What a form of ours carries: no other site can make it, for no other site knows the secret. */
export const sealFor = ({ sealKey }: SurveyContext, secret: string): string => hmac(sealKey, "form", secret);

export function hasValidSeal(request: FastifyRequest, context: SurveyContext, secret: string): boolean {
  const { seal } = formFields(request);
  return typeof seal === "string" && equalSecrets(seal, sealFor(context, secret));
}

/** Whose turn it is at this browser. */
export async function participantOf(
  request: FastifyRequest,
  context: SurveyContext,
): Promise<Participant | undefined> {
  const secret = secretOf(request, context);
  return secret ? context.store.bySecret(secret) : undefined;
}

/** A participant's own page: the seal shows that only this server made the address. */
export const personalAddress = (
  { sealKey }: Pick<SurveyContext, "sealKey">,
  { id }: Pick<Participant, "id">,
): string => `/my/${id}-${hmac(sealKey, "personal", id)}`;

/** Where somebody goes on who has answered so many: at the first question without an answer. */
export function nextAddress({ completed, withdrawn }: Participant, answered: number): string {
  if (withdrawn) return "/withdrawn";
  if (completed) return "/thanks";
  return answered === 0 ? "/instructions" : `/q/${answered + 1}`;
}

export async function currentAddress({ store }: SurveyContext, participant: Participant): Promise<string> {
  const { answered } = await store.progress(participant.id);
  return nextAddress(participant, answered);
}
