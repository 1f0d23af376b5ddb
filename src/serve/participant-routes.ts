import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { Stimulus } from "../study/stimulus.ts";
import { taskNamed } from "../tasks/tasks.ts";
import { messageOf } from "../workbench/errors.ts";
import { allocate } from "./allocate.ts";
import { type Site, sendPage } from "./context.ts";
import { randomId, same, sealed } from "./ids.ts";
import {
  againPage,
  consentPage,
  declinedPage,
  instructionsPage,
  personalPage,
  problemPage,
  questionPage,
  thanksPage,
  withdrawnPage,
} from "./pages.ts";
import { planOf } from "./plan.ts";
import { carried, completionCode, invitedBy, recruitOf, returnAddress } from "./recruiting.ts";
import { scoreOf } from "./score.ts";
import { type GivenAnswers, newParticipant, type Outcome, type Participant } from "./store.ts";

type Fields = Readonly<Record<string, unknown>>;

type Personal = { Params: { token: string; action: string } };

/** What a page may be asked to say when the script was told of a problem. */
const tellable = ["conflict", "kept", "stale", "missing", "wrong"];

/** The pages of a participant: consent, instructions, one question after another, thanks. */
export function participantRoutes(server: FastifyInstance, site: Site): void {
  const { store, setting, study, material, effects } = site;
  const { words } = setting;
  const { survey } = study.config;
  const reserve = survey.reserve * 60_000;

  server.get("/", async (request, reply) => {
    const secret = secretOf(request, site) ?? giveSecret(reply, site);
    const participant = await store.participant(secret);
    if (participant) return reply.redirect(await placeOf(participant), 303);
    const query = request.query as Fields;
    if (survey.invited && !invitedBy(site.sealKey, query["invitation"])) {
      return sendPage(reply, 403, problemPage(setting, words("problem.uninvited")));
    }
    const closed = await refusal();
    if (closed) return closed(reply);
    const carry = { alert: told(request), carried: carried(survey.recruiting, query) };
    return sendPage(reply, 200, consentPage(setting, sealFor(secret), carry));
  });

  server.post("/consent", async (request, reply) => {
    const fields = fieldsOf(request);
    const secret = secretOf(request, site);
    if (!secret || !sealHolds(request, secret)) {
      const fresh = secret ?? giveSecret(reply, site);
      const carry = { alert: words("problem.stale"), carried: carried(survey.recruiting, fields) };
      return sendPage(reply, 403, consentPage(setting, sealFor(fresh), carry));
    }
    const invited = invitedBy(site.sealKey, fields["invitation"]);
    if (survey.invited && !invited && !(await store.participant(secret))) {
      return sendPage(reply, 403, problemPage(setting, words("problem.uninvited")));
    }
    const { id } = newParticipant();
    const entered = await store.enter(
      {
        id,
        secret,
        now: effects.now(),
        reserve,
        forms: [...material.forms.keys()],
        quota: survey.quota,
        simulated: false,
        recruit: invited ?? recruitOf(survey.recruiting, fields),
        planFor: (form) => planOf(material.forms.get(form)!, study.random("order", id)),
      },
      study.random("allocation", id),
    );
    if ("refused" in entered) {
      return entered.refused === "taken"
        ? sendPage(reply, 409, problemPage(setting, words(invited ? "problem.invitation" : "problem.taken")))
        : refuse(reply, entered.refused);
    }
    return reply.redirect(await placeOf(entered), 303);
  });

  server.get("/declined", async (_, reply) => {
    const code = survey.recruiting?.codes.noConsent;
    return sendPage(reply, 200, declinedPage(setting, code ? codeFor(code) : undefined));
  });

  server.get<Personal>("/my/:token", async (request, reply) => {
    const participant = await personalOf(request.params.token);
    if (!participant) return nowhere(reply);
    if (participant.withdrawn) return sendPage(reply, 410, withdrawnPage(setting));
    const seal = sealed(site.sealKey, "personal form", participant.id);
    const view = { address: personalAddress(participant), seal, over: participant.completed !== undefined };
    return sendPage(reply, 200, personalPage(setting, view));
  });

  server.post<Personal>("/my/:token/:action", async (request, reply) => {
    const participant = await personalOf(request.params.token);
    if (!participant) return nowhere(reply);
    const { seal } = fieldsOf(request);
    if (typeof seal !== "string" || !same(seal, sealed(site.sealKey, "personal form", participant.id))) {
      const again = { label: words("problem.stale.link"), address: personalAddress(participant) };
      return sendPage(reply, 403, problemPage(setting, words("problem.stale"), again));
    }
    if (participant.withdrawn) return sendPage(reply, 410, withdrawnPage(setting));
    if (request.params.action === "withdraw") {
      await store.withdraw(participant.id, effects.now());
      site.answered();
      return reply.redirect(personalAddress(participant), 303);
    }
    if (request.params.action !== "continue") return nowhere(reply);
    await store.giveSecret(participant.id, giveSecret(reply, site));
    return reply.redirect(await placeOf(participant), 303);
  });

  server.get("/instructions", async (request, reply) => {
    const participant = await participantOf(request);
    if (!participant) return reply.redirect("/", 303);
    if (participant.completed || participant.withdrawn)
      return reply.redirect(await placeOf(participant), 303);
    const stories = new Set(participant.plan.flatMap(({ stimuli }) => stimuli)).size;
    return sendPage(reply, 200, instructionsPage(setting, stories, personalAddress(participant)));
  });

  server.get<{ Params: { position: string } }>("/q/:position", async (request, reply) => {
    const participant = await participantOf(request);
    if (!participant) return reply.redirect("/", 303);
    const position = positionIn(participant, request.params.position);
    if (!position) return nowhere(reply);
    const answers = await store.answers(participant.id);
    const place = nextPlace(participant, answers);
    const answered = answers.has(participant.plan[position - 1]!.question);
    const reachable = answered ? survey.back : place === `/q/${position}` || place === "/instructions";
    if (
      participant.completed ||
      participant.withdrawn ||
      !reachable ||
      (place === "/instructions" && position > 1)
    ) {
      return reply.redirect(place, 303);
    }
    return sendQuestion(reply, request, participant, position, { answers });
  });

  server.post<{ Params: { position: string } }>("/q/:position", async (request, reply) => {
    const fields = fieldsOf(request);
    const secret = secretOf(request, site);
    const participant = secret && (await store.participant(secret));
    if (!participant || !sealHolds(request, secret)) return problem(request, reply, 403, "stale", "/");
    const position = positionIn(participant, request.params.position);
    if (!position) return nowhere(reply);
    const { question, task } = participant.plan[position - 1]!;

    const answers = await store.answers(participant.id);
    const ahead = participant.plan.findIndex((planned) => !answers.has(planned.question)) + 1;
    if (ahead > 0 && position > ahead) return problem(request, reply, 409, "stale", `/q/${ahead}`);
    const key = fields["key"];
    if (typeof key !== "string" || !/^[a-z2-7]{26}$/.test(key)) {
      return problem(request, reply, 400, "stale", `/q/${position}`);
    }
    const given = answerFields(fields);
    const response = responseSchema(task).safeParse(given);
    if (!response.success) {
      const alert = isMissing(response.error, given) ? "missing" : "wrong";
      if (wantsJson(request)) return problem(request, reply, 400, alert, `/q/${position}`);
      return sendQuestion(reply.status(400), request, participant, position, {
        answers,
        given: fields,
        alert,
      });
    }
    const outcome = await store.answer({
      participant: participant.id,
      question,
      key,
      response: response.data,
      ms: readingTime(fields["ms"]),
      now: effects.now(),
      reserve,
      change: survey.back,
    });
    return acknowledge(request, reply, outcome, participant, position);
  });

  server.get("/withdrawn", async (_, reply) => sendPage(reply, 410, withdrawnPage(setting)));

  server.get("/thanks", async (request, reply) => {
    const participant = await participantOf(request);
    if (!participant) return reply.redirect("/", 303);
    const answers = await store.answers(participant.id);
    if (!participant.completed || participant.withdrawn)
      return reply.redirect(nextPlace(participant, answers), 303);
    const score = site.origins && scoreOf(participant.plan, answers, site.origins);
    const own = sealed(site.sealKey, "code", participant.id)
      .replace(/[^A-Za-z0-9]/g, "")
      .slice(0, 10)
      .toUpperCase();
    const code =
      survey.recruiting && codeFor(completionCode(survey.recruiting, participant.plan, answers, own));
    return sendPage(reply, 200, thanksPage(setting, { score, code, personal: personalAddress(participant) }));
  });

  server.setNotFoundHandler((_, reply) => nowhere(reply));

  server.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status === 429) return sendPage(reply, 429, problemPage(setting, words("problem.often")));
    if (status === 413) return sendPage(reply, 413, problemPage(setting, words("problem.large")));
    if (status < 500)
      return sendPage(reply, status, problemPage(setting, words("problem.stale"), onward("/")));
    effects.warn(`a request failed: ${messageOf(error)}`);
    const again = Object.entries(fieldsOf(request)).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    );
    const address = request.url.split("?")[0]!;
    return sendPage(
      reply,
      503,
      request.method === "POST" && again.length > 0
        ? againPage(setting, address, Object.fromEntries(again))
        : problemPage(setting, words("problem.busy"), { label: words("problem.busy.link"), address }),
    );
  });

  function acknowledge(
    request: FastifyRequest,
    reply: FastifyReply,
    outcome: Outcome,
    { plan }: Participant,
    position: number,
  ): FastifyReply {
    const next = position < plan.length ? `/q/${position + 1}` : "/thanks";
    if (outcome === "stored") site.answered();
    if (outcome === "stored" || outcome === "repeated") {
      return wantsJson(request) ? reply.send({ next }) : reply.redirect(next, 303);
    }
    if (outcome === "unknown") return nowhere(reply);
    const way = { conflict: `/q/${position}`, kept: next, over: "/thanks" }[outcome];
    return problem(request, reply, 409, outcome === "conflict" ? "conflict" : "kept", way);
  }

  /** Tells of a problem in a page of its own, or tells the script where to go and what to say there. */
  function problem(
    request: FastifyRequest,
    reply: FastifyReply,
    status: number,
    name: string,
    address: string,
  ): FastifyReply {
    if (wantsJson(request)) return reply.status(status).send({ next: `${address}?told=${name}` });
    const label = words(name === "conflict" ? "problem.conflict.link" : "problem.stale.link");
    return sendPage(reply, status, problemPage(setting, alertText(name), { label, address }));
  }

  function sendQuestion(
    reply: FastifyReply,
    request: FastifyRequest,
    participant: Participant,
    position: number,
    { answers, given, alert }: { answers: GivenAnswers; given?: Fields; alert?: string },
  ): FastifyReply {
    const planned = participant.plan[position - 1]!;
    return sendPage(
      reply,
      reply.statusCode,
      questionPage(setting, {
        task: taskNamed(planned.task)!,
        stimuli: planned.stimuli.map((id): Stimulus => material.stimuli.get(id)!),
        fields: survey.demographics,
        position,
        count: participant.plan.length,
        seal: sealFor(secretOf(request, site)!),
        key: randomId(),
        given: given ?? answers.get(planned.question),
        alert: alert ? alertText(alert) : told(request),
      }),
    );
  }

  function responseSchema(name: string) {
    const task = taskNamed(name)!;
    return task.responseTo?.(survey.demographics) ?? task.response;
  }

  const alertText = (name: string) =>
    words(name === "missing" || name === "wrong" ? `question.${name}` : `problem.${name}`);

  function told(request: FastifyRequest): string | undefined {
    const { told: name } = request.query as { told?: unknown };
    return typeof name === "string" && tellable.includes(name) ? alertText(name) : undefined;
  }

  const sealFor = (secret: string) => sealed(site.sealKey, "form", secret);

  function sealHolds(request: FastifyRequest, secret: string): boolean {
    const { seal } = fieldsOf(request);
    return typeof seal === "string" && same(seal, sealFor(secret));
  }

  const codeFor = (code: string) => ({
    code,
    address: survey.recruiting && returnAddress(survey.recruiting, code),
  });

  /** A participant's own page: the seal shows that only this server made the address. */
  const personalAddress = ({ id }: Participant) => `/my/${id}-${sealed(site.sealKey, "personal", id)}`;

  async function personalOf(token: string): Promise<Participant | undefined> {
    const [, id = "", seal = ""] = /^([a-z2-7]{26})-([\w-]{43})$/.exec(token) ?? [];
    if (!same(seal, sealed(site.sealKey, "personal", id))) return undefined;
    return store.byId(id);
  }

  async function participantOf(request: FastifyRequest): Promise<Participant | undefined> {
    const secret = secretOf(request, site);
    return secret ? store.participant(secret) : undefined;
  }

  const placeOf = async (participant: Participant) =>
    nextPlace(participant, await store.answers(participant.id));

  async function refusal(): Promise<((reply: FastifyReply) => FastifyReply) | undefined> {
    if (survey.quota === undefined) return undefined;
    const loads = await store.loads([...material.forms.keys()], effects.now());
    const allocation = allocate(loads, survey.quota, study.random("peek"));
    return "refused" in allocation ? (reply) => refuse(reply, allocation.refused) : undefined;
  }

  const refuse = (reply: FastifyReply, why: "full" | "closed") =>
    sendPage(reply, why === "full" ? 503 : 410, problemPage(setting, words(`problem.${why}`)));

  const onward = (address: string) => ({ label: words("problem.stale.link"), address });

  const nowhere = (reply: FastifyReply) =>
    sendPage(
      reply,
      404,
      problemPage(setting, words("problem.nowhere"), { label: words("problem.nowhere.link"), address: "/" }),
    );
}

/** Where a participant goes on: the first question without an answer. */
function nextPlace({ plan, completed, withdrawn }: Participant, answers: GivenAnswers): string {
  if (withdrawn) return "/withdrawn";
  if (completed) return "/thanks";
  if (answers.size === 0) return "/instructions";
  return `/q/${plan.findIndex(({ question }) => !answers.has(question)) + 1}`;
}

function positionIn({ plan }: Participant, text: string): number | undefined {
  const position = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  return position >= 1 && position <= plan.length ? position : undefined;
}

const cookieName = ({ study }: Site) => (study.config.survey.proxy ? "__Host-participant" : "participant");

function secretOf(request: FastifyRequest, site: Site): string | undefined {
  const value = request.cookies[cookieName(site)];
  return value && /^[a-z2-7]{26}$/.test(value) ? value : undefined;
}

/** A new secret for a browser; nothing of it is stored before consent. */
function giveSecret(reply: FastifyReply, site: Site): string {
  const { secret } = newParticipant();
  reply.setCookie(cookieName(site), secret, {
    path: "/",
    httpOnly: true,
    sameSite: "lax",
    secure: site.study.config.survey.proxy,
    maxAge: 90 * 24 * 3600,
  });
  return secret;
}

const fieldsOf = (request: FastifyRequest): Fields =>
  request.body !== null && typeof request.body === "object" ? (request.body as Fields) : {};

/** The task's own fields: empty ones were left out, and no store takes a NUL. */
function answerFields({ seal: _, key: __, ms: ___, ...fields }: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields)
      .map(([name, value]) => [name, typeof value === "string" ? wellFormed(value) : value])
      .filter(([, value]) => value !== ""),
  );
}

/** Text that every store takes: without NUL, half characters replaced. */
const wellFormed = (text: string): string => Buffer.from(text.replaceAll("\0", "")).toString();

/** Milliseconds that a browser measured; nothing where it measured none, or not in earnest. */
function readingTime(value: unknown): number | undefined {
  if (typeof value !== "string" || !/^\d{1,9}$/.test(value)) return undefined;
  return Number(value);
}

/** True where all that is wrong is that something was left out. */
const isMissing = (error: z.ZodError, given: Fields): boolean =>
  error.issues.every(({ path }) => given[String(path[0])] === undefined);

const wantsJson = (request: FastifyRequest): boolean => request.headers.accept === "application/json";
