import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { conditionOf } from "../study/form.ts";
import type { Stimulus } from "../study/stimulus.ts";
import { taskNamed } from "../tasks/tasks.ts";
import { botSignalsIn } from "./bot-signals.ts";
import {
  csrfTokenFor,
  type Fields,
  formFields,
  hasValidCsrfToken,
  makeCurrent,
  nextAddress,
  participantOf,
  secretOf,
  wantsJson,
} from "./browser-session.ts";
import { alertFromQuery, alertText, sendNotFound, sendProblem } from "./error-pages.ts";
import { randomId } from "./ids.ts";
import { parsePosition, parseResponse } from "./parse-response.ts";
import type { Participant } from "./participant.ts";
import { feedbackPage } from "./participant-pages.ts";
import { revealedTo } from "./participant-score.ts";
import { questionPage } from "./question-page.ts";
import type { SubmissionOutcome } from "./submit-answer.ts";
import { type SurveyContext, sendPage } from "./survey-context.ts";
import type { PlannedQuestion } from "./survey-plan.ts";

type PositionParams = { Params: { position: string } };

/** The question pages and the answers that they post. */
export function questionRoutes(server: FastifyInstance, context: SurveyContext): void {
  const { store, pageContext, materials, effects } = context;
  const { survey } = context.study.config;
  const reserve = survey.reserve * 60_000;

  server.get<PositionParams>("/q/:position", async (request, reply) => {
    const participant = await participantOf(request, context);
    if (!participant) return reply.redirect("/", 303);
    const position = parsePosition(participant.plan, request.params.position);
    if (!position) return sendNotFound(reply, pageContext);
    const { answered, given } = await progressAt(participant, position);
    const reachable = position <= answered ? mayGoBack(participant) : position === answered + 1;
    if (participant.completed || participant.withdrawn || !reachable)
      return reply.redirect(nextAddress(participant, answered), 303);
    return sendQuestion(reply, request, participant, position, {
      given,
      alert: alertFromQuery(request, pageContext),
    });
  });

  server.post<PositionParams>("/q/:position", async (request, reply) => {
    const fields = formFields(request);
    const secret = secretOf(request, context);
    const participant = secret && (await store.bySecret(secret));
    if (!participant || !hasValidCsrfToken(request, context, secret)) {
      return sendProblem(request, reply, pageContext, { status: 403, name: "stale", address: "/" });
    }
    // `left` marks an answer that was waiting in the browser; meanwhile another person may be using it.
    if (fields["left"] === undefined) makeCurrent(request, reply, context, secret);
    const position = parsePosition(participant.plan, request.params.position);
    if (!position) return sendNotFound(reply, pageContext);
    const { question, task } = participant.plan[position - 1]!;
    const key = fields["key"];
    if (typeof key !== "string" || !/^[a-z2-7]{26}$/.test(key)) {
      return sendProblem(request, reply, pageContext, {
        status: 400,
        name: "stale",
        address: `/q/${position}`,
      });
    }
    const read = parseResponse(fields, task, survey.demographics);
    if ("refused" in read) return refuse(request, reply, participant, position, read.refused);
    const outcome = await store.submitAnswer({
      participant: participant.id,
      question,
      key,
      response: read.response,
      ms: readingTime(fields["ms"]),
      now: effects.now(),
      reserve,
      mayChange: mayGoBack(participant),
      botSignals: botSignalsIn(fields),
    });
    return acknowledge(request, reply, outcome, participant, position);
  });

  // Who wrote a story, after the last answer about it: only in a condition with feedback.
  server.get<PositionParams>("/q/:position/feedback", async (request, reply) => {
    const participant = await participantOf(request, context);
    if (!participant) return reply.redirect("/", 303);
    const position = parsePosition(participant.plan, request.params.position);
    if (!position) return sendNotFound(reply, pageContext);
    const { answered } = await progressAt(participant, position);
    if (participant.withdrawn || position > answered || !givesFeedback(participant, position))
      return reply.redirect(nextAddress(participant, answered), 303);
    const shown = new Set(participant.plan[position - 1]!.stimuli);
    const revealed = revealedTo(
      participant.plan,
      await store.answers(participant.id),
      context.origins!,
      materials.stimuli,
    ).filter(({ stimulus }) => shown.has(stimulus.id));
    const next = position < participant.plan.length ? `/q/${position + 1}` : "/thanks";
    return sendPage(reply, 200, feedbackPage(pageContext, revealed, next));
  });

  /** Whether this participant sees who wrote the stories at this position: no later question is about them. */
  function givesFeedback(participant: Participant, position: number): boolean {
    const planned = participant.plan[position - 1]!;
    if (!conditionAt(participant, planned)?.feedback) return false;
    const later = participant.plan.slice(position).flatMap(({ stimuli }) => stimuli);
    return !planned.stimuli.some((id) => later.includes(id));
  }

  /** Answers cannot be changed once authors have been shown. */
  const mayGoBack = ({ form }: Participant): boolean =>
    survey.back && !materials.forms.get(form)?.conditions?.some(({ feedback }) => feedback);

  const conditionAt = ({ form }: Pick<Participant, "form">, planned: PlannedQuestion) =>
    conditionOf(materials.forms.get(form) ?? {}, planned);

  /** Shows the question again with what is wrong, and the answer as it was given. */
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
      return sendProblem(request, reply, pageContext, { status: 400, name, address: `/q/${position}` });
    const alert = alertText(pageContext, name);
    return sendQuestion(reply.status(400), request, participant, position, {
      given: formFields(request),
      alert,
    });
  }

  function acknowledge(
    request: FastifyRequest,
    reply: FastifyReply,
    outcome: SubmissionOutcome,
    participant: Participant,
    position: number,
  ): FastifyReply | Promise<FastifyReply> {
    const following = position < participant.plan.length ? `/q/${position + 1}` : "/thanks";
    const next = givesFeedback(participant, position) ? `/q/${position}/feedback` : following;
    if (outcome === "stored") context.onAnswer();
    if (outcome === "stored" || outcome === "repeated") {
      return wantsJson(request) ? reply.send({ next }) : reply.redirect(next, 303);
    }
    if (outcome === "unknown") return sendNotFound(reply, pageContext);
    if (outcome === "ahead") return goBack(request, reply, participant);
    const address = { conflict: `/q/${position}`, kept: next, over: "/thanks" }[outcome];
    const name = outcome === "conflict" ? "conflict" : "kept";
    return sendProblem(request, reply, pageContext, { status: 409, name, address });
  }

  /** Sends a participant who skipped ahead back to the first open question. */
  async function goBack(request: FastifyRequest, reply: FastifyReply, participant: Participant) {
    const { answered } = await store.progress(participant.id);
    const address = `/q/${answered + 1}`;
    return sendProblem(request, reply, pageContext, { status: 409, name: "stale", address });
  }

  function sendQuestion(
    reply: FastifyReply,
    request: FastifyRequest,
    participant: Participant,
    position: number,
    shown: { given: Fields | undefined; alert: string | undefined },
  ): FastifyReply {
    const { plan } = participant;
    const planned = plan[position - 1]!;
    return sendPage(
      reply,
      reply.statusCode,
      questionPage(pageContext, {
        ...shown,
        task: taskNamed(planned.task)!,
        stimuli: planned.stimuli.map((id): Stimulus => materials.stimuli.get(id)!),
        told: planned.told,
        whole: conditionAt(participant, planned)?.whole,
        seconds: conditionAt(participant, planned)?.seconds,
        mayGoBack: mayGoBack(participant),
        fields: survey.demographics,
        position,
        count: plan.length,
        seal: csrfTokenFor(context, secretOf(request, context)!),
        key: randomId(),
      }),
    );
  }

  const progressAt = ({ id, plan }: Participant, position: number) =>
    store.progress(id, plan[position - 1]!.question);
}

/** The milliseconds that the browser measured; undefined if it measured none or sent something else. */
function readingTime(value: unknown): number | undefined {
  if (typeof value !== "string" || !/^\d{1,9}$/.test(value)) return undefined;
  return Number(value);
}
