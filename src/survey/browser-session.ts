import type { FastifyReply, FastifyRequest } from "fastify";
import type { Recruit } from "./allocate-participant.ts";
import { base32, equalSecrets, hmac, randomId } from "./ids.ts";
import type { Participant } from "./participant.ts";
import { type Pages, pageAt, pagesOf } from "./question-pages.ts";
import type { SurveyContext } from "./survey-context.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** The fields of the posted form. */
export const formFields = (request: FastifyRequest): Fields =>
  request.body !== null && typeof request.body === "object" ? (request.body as Fields) : {};

/** True for the page's script, which gets JSON with the next address; a plain form gets a page. */
export const wantsJson = (request: FastifyRequest): boolean => request.headers.accept === "application/json";

/** One person at a browser: the secret of their place, and a short hash of the id in the address that they came by. */
interface KnownVisitor {
  readonly secret: string;
  /** Empty for a plain link. */
  readonly idHash: string;
}

/** The number of people that one browser can keep apart. */
const maxVisitors = 10;

const cookieName = ({ study, base }: SurveyContext): string => {
  if (!study.config.survey.proxy) return "participant";
  return base ? "__Secure-participant" : "__Host-participant";
};

/** The people who have used this browser; the current one first. */
function visitorsOf(request: FastifyRequest, context: SurveyContext): KnownVisitor[] {
  const entries = (request.cookies[cookieName(context)] ?? "").split(".", maxVisitors);
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
  // In MTurk's frame the survey is a third party: the browser partitions its cookies.
  const framed = proxy && recruiting?.service === "mturk";
  const value = visitors
    .slice(0, maxVisitors)
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
 * The secret of the person making this request: the one whose page was posted, otherwise the current person at this
 * browser.
 */
export function secretOf(request: FastifyRequest, context: SurveyContext): string | undefined {
  const visitors = visitorsOf(request, context);
  const { seal } = formFields(request);
  const posted =
    typeof seal === "string" && visitors.length > 1
      ? visitors.find(({ secret }) => equalSecrets(seal, csrfTokenFor(context, secret)))
      : undefined;
  return (posted ?? visitors[0])?.secret;
}

/** Gives a browser a new secret for the person `recruit`. The store learns of it only at consent. */
export function issueSecret(
  request: FastifyRequest,
  reply: FastifyReply,
  context: SurveyContext,
  {
    recruit,
    makeCurrent = false,
  }: { readonly recruit?: Recruit | undefined; readonly makeCurrent?: boolean } = {},
): string {
  const idHash = recruit ? idHashOf(context, recruit) : "";
  const visitor = { secret: randomId(), idHash };
  const [first, ...rest] = visitorsOf(request, context).filter(
    (one) => idHash === "" || one.idHash !== idHash,
  );
  // A person who has only opened the survey does not replace the current one.
  const others = first ? [first, ...rest] : [];
  setVisitorCookie(reply, context, makeCurrent || !first ? [visitor, ...others] : [first, visitor, ...rest]);
  return visitor.secret;
}

/** Makes the person with this secret the current one at this browser. */
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
 * The secret of the person who opens the survey. An id or invitation in the address means that person, even if others have
 * used this browser; a plain link means the current person. Undefined for a new person.
 */
export async function secretOfArrival(
  request: FastifyRequest,
  reply: FastifyReply,
  context: SurveyContext,
  recruit: Recruit | undefined,
): Promise<string | undefined> {
  const visitors = visitorsOf(request, context);
  if (!recruit) {
    // A person who came with an id and did not consent is not the one who now comes by a plain link.
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

/** Cookies of version 0.1 have no hashes; then the store is asked which person the service sent. */
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

/** The hash of an id in the cookie: too short to find the id, long enough to distinguish two people. */
function idHashOf({ signingKey, study }: SurveyContext, recruit: Recruit): string {
  const studyId = study.config.survey.recruiting?.oncePer === "study" ? [recruit.study] : [];
  return base32(
    Buffer.from(hmac(signingKey, "browser", recruit.service, recruit.person, ...studyId), "base64url"),
  ).slice(0, 8);
}

/** The CSRF token of our forms, in the field `seal`. Other sites cannot make it, because they do not know the secret. */
export const csrfTokenFor = ({ signingKey }: SurveyContext, secret: string): string =>
  hmac(signingKey, "form", secret);

export function hasValidCsrfToken(request: FastifyRequest, context: SurveyContext, secret: string): boolean {
  const { seal } = formFields(request);
  return typeof seal === "string" && equalSecrets(seal, csrfTokenFor(context, secret));
}

/** The participant making this request. */
export async function participantOf(
  request: FastifyRequest,
  context: SurveyContext,
): Promise<Participant | undefined> {
  const secret = secretOf(request, context);
  return secret ? context.store.bySecret(secret) : undefined;
}

/** The address of a participant's personal page; only this server can sign it. */
export const personalAddress = (
  { signingKey }: Pick<SurveyContext, "signingKey">,
  { id }: Pick<Participant, "id">,
): string => `/my/${id}-${hmac(signingKey, "personal", id)}`;

/** The address where a participant continues who has given `answered` answers: the first question without an answer. */
export function nextAddress(
  { completed, withdrawn, plan }: Participant,
  answered: number,
  pages: Pages,
): string {
  if (withdrawn) return "/withdrawn";
  if (completed) return "/thanks";
  return answered === 0 ? "/instructions" : `/q/${pageAt(pagesOf(plan, pages), answered + 1)}`;
}

export async function currentAddress(
  { store, study }: SurveyContext,
  participant: Participant,
): Promise<string> {
  const { answered } = await store.progress(participant.id);
  return nextAddress(participant, answered, study.config.survey.pages);
}
