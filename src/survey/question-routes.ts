import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Stimulus } from "../study/stimulus.ts";
import { taskNamed } from "../tasks/tasks.ts";
import type { StoreOutcome } from "./submit-answer.ts";
import { signsIn } from "./bot-signals.ts";
import { randomId } from "./ids.ts";
import type { Participant } from "./participant.ts";
import { alertText, nowhere, problem, told } from "./error-pages.ts";
import { questionPage } from "./question-page.ts";
import { positionIn, responseIn } from "./parse-response.ts";
import { type SurveyContext, sendPage } from "./survey-context.ts";
import {
  type Fields,
  fieldsOf,
  nextPlace,
  participantOf,
  sealFor,
  sealHolds,
  secretOf,
  takeTurn,
  wantsJson,
} from "./browser-session.ts";

type Positioned = { Params: { position: string } };

/** One question after another: its page, and the answer to it. */
export function questionRoutes(server: FastifyInstance, site: SurveyContext): void {
  const { store, setting, material, effects } = site;
  const { survey } = site.study.config;
  const reserve = survey.reserve * 60_000;

  server.get<Positioned>("/q/:position", async (request, reply) => {
    const participant = await participantOf(request, site);
    if (!participant) return reply.redirect("/", 303);
    const position = positionIn(participant.plan, request.params.position);
    if (!position) return nowhere(reply, setting);
    const { answered, given } = await progressAt(participant, position);
    const reachable = position <= answered ? survey.back : position === answered + 1;
    if (participant.completed || participant.withdrawn || !reachable)
      return reply.redirect(nextPlace(participant, answered), 303);
    return sendQuestion(reply, request, participant, position, { given, alert: told(request, setting) });
  });

  server.post<Positioned>("/q/:position", async (request, reply) => {
    const fields = fieldsOf(request);
    const secret = secretOf(request, site);
    const participant = secret && (await store.participant(secret));
    if (!participant || !sealHolds(request, site, secret)) {
      return problem(request, reply, setting, { status: 403, name: "stale", address: "/" });
    }
    // An answer that was left in the browser comes late: somebody else may be there by now.
    if (fields["left"] === undefined) takeTurn(request, reply, site, secret);
    const position = positionIn(participant.plan, request.params.position);
    if (!position) return nowhere(reply, setting);
    const { question, task } = participant.plan[position - 1]!;
    const key = fields["key"];
    if (typeof key !== "string" || !/^[a-z2-7]{26}$/.test(key)) {
      return problem(request, reply, setting, { status: 400, name: "stale", address: `/q/${position}` });
    }
    const read = responseIn(fields, task, survey.demographics);
    if ("refused" in read) return refuse(request, reply, participant, position, read.refused);
    const outcome = await store.answer({
      participant: participant.id,
      question,
      key,
      response: read.response,
      ms: readingTime(fields["ms"]),
      now: effects.now(),
      reserve,
      change: survey.back,
      signs: signsIn(fields),
    });
    return acknowledge(request, reply, outcome, participant, position);
  });

  /** Says what is wrong with an answer, above what was answered. */
  async function refuse(
    request: FastifyRequest,
    reply: FastifyReply,
    participant: Participant,
    position: number,
    name: "missing" | "wrong",
  ): Promise<FastifyReply> {
    const { answered } = await progressAt(participant, position);
    if (position > answered + 1) return goBack(request, reply, participant);
    if (wantsJson(request))
      return problem(request, reply, setting, { status: 400, name, address: `/q/${position}` });
    const alert = alertText(setting, name);
    return sendQuestion(reply.status(400), request, participant, position, {
      given: fieldsOf(request),
      alert,
    });
  }

  function acknowledge(
    request: FastifyRequest,
    reply: FastifyReply,
    outcome: StoreOutcome,
    participant: Participant,
    position: number,
  ): FastifyReply | Promise<FastifyReply> {
    const next = position < participant.plan.length ? `/q/${position + 1}` : "/thanks";
    if (outcome === "stored") site.answered();
    if (outcome === "stored" || outcome === "repeated") {
      return wantsJson(request) ? reply.send({ next }) : reply.redirect(next, 303);
    }
    if (outcome === "unknown") return nowhere(reply, setting);
    if (outcome === "ahead") return goBack(request, reply, participant);
    const address = { conflict: `/q/${position}`, kept: next, over: "/thanks" }[outcome];
    const name = outcome === "conflict" ? "conflict" : "kept";
    return problem(request, reply, setting, { status: 409, name, address });
  }

  /** A question may be answered once those before it are. */
  async function goBack(request: FastifyRequest, reply: FastifyReply, participant: Participant) {
    const { answered } = await store.progress(participant.id);
    const address = `/q/${answered + 1}`;
    return problem(request, reply, setting, { status: 409, name: "stale", address });
  }

  function sendQuestion(
    reply: FastifyReply,
    request: FastifyRequest,
    { plan }: Participant,
    position: number,
    shown: { given: Fields | undefined; alert: string | undefined },
  ): FastifyReply {
    const planned = plan[position - 1]!;
    return sendPage(
      reply,
      reply.statusCode,
      questionPage(setting, {
        ...shown,
        task: taskNamed(planned.task)!,
        stimuli: planned.stimuli.map((id): Stimulus => material.stimuli.get(id)!),
        fields: survey.demographics,
        position,
        count: plan.length,
        seal: sealFor(site, secretOf(request, site)!),
        key: randomId(),
      }),
    );
  }

  const progressAt = ({ id, plan }: Participant, position: number) =>
    store.progress(id, plan[position - 1]!.question);
}

/** Milliseconds that a browser measured; nothing where it measured none, or not in earnest. */
function readingTime(value: unknown): number | undefined {
  if (typeof value !== "string" || !/^\d{1,9}$/.test(value)) return undefined;
  return Number(value);
}
