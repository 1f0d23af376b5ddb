import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { conditionOf } from "../study/form.ts";
import type { Stimulus } from "../study/stimulus.ts";
import type { Task } from "../tasks/task.ts";
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
import { alertFromQuery, refusalText, sendNotFound, sendProblem } from "./error-pages.ts";
import { randomId } from "./ids.ts";
import { fieldName, parsePage, parsePosition, type Refused } from "./parse-response.ts";
import type { Participant } from "./participant.ts";
import { feedbackPage } from "./participant-pages.ts";
import { revealedTo } from "./participant-score.ts";
import { questionPage } from "./question-page.ts";
import { hasConditions, isAsked, laterAboutItsStories, pageAt, pagesOf } from "./question-pages.ts";
import type { SubmissionOutcome } from "./submit-answer.ts";
import { type SurveyContext, sendPage } from "./survey-context.ts";
import type { GivenAnswers, PlannedQuestion } from "./survey-plan.ts";

type PositionParams = { Params: { position: string } };

/** A page of a participant's questions: those that are asked, with the answers so far. */
interface CurrentPage {
  /** The number of the page, from 1. */
  readonly number: number;
  /** The questions of the page that are asked. */
  readonly questions: readonly PlannedQuestion[];
  readonly answers: GivenAnswers;
  /** Whether the participant has answered every question up to this page, and may see or change it. */
  readonly reachable: boolean;
  readonly answered: number;
}

/** The question pages and the answers that they post. */
export function questionRoutes(server: FastifyInstance, context: SurveyContext): void {
  const { store, pageContext, materials, effects } = context;
  const { survey } = context.study.config;
  const reserve = survey.reserve * 60_000;
  const pagesIn = ({ plan }: Participant) => pagesOf(plan, survey.pages);

  server.get<PositionParams>("/q/:position", async (request, reply) => {
    const participant = await participantOf(request, context);
    if (!participant) return reply.redirect("/", 303);
    const number = parsePosition(pagesIn(participant).length, request.params.position);
    if (!number) return sendNotFound(reply, pageContext);
    const current = await currentPage(participant, number);
    if (participant.completed || participant.withdrawn || !current.reachable)
      return reply.redirect(nextAddress(participant, current.answered, survey.pages), 303);
    return sendQuestions(reply, request, participant, current, {
      given: undefined,
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
    const number = parsePosition(pagesIn(participant).length, request.params.position);
    if (!number) return sendNotFound(reply, pageContext);
    const key = fields["key"];
    if (typeof key !== "string" || !/^[a-z2-7]{26}$/.test(key)) {
      return sendProblem(request, reply, pageContext, {
        status: 400,
        name: "stale",
        address: `/q/${number}`,
      });
    }
    const { questions } = await postedPage(participant, number);
    if (questions.length === 0) return goBack(request, reply, participant);
    const read = parsePage(fields, tasksOf(questions), pageContext.words, survey.demographics);
    if ("refused" in read) return refuse(request, reply, participant, number, read);
    const outcome = await store.submitPage({
      participant: participant.id,
      answers: questions.map(({ question }, at) => ({ question, response: read.responses[at]! })),
      key,
      ms: readingTime(fields["ms"]),
      now: effects.now(),
      reserve,
      mayChange: mayGoBack(participant),
      botSignals: botSignalsIn(fields),
    });
    return acknowledge(request, reply, outcome, participant, number);
  });

  // Who wrote a story, after the last answer about it: only in a condition with feedback.
  server.get<PositionParams>("/q/:position/feedback", async (request, reply) => {
    const participant = await participantOf(request, context);
    if (!participant) return reply.redirect("/", 303);
    const number = parsePosition(pagesIn(participant).length, request.params.position);
    if (!number) return sendNotFound(reply, pageContext);
    const { answered } = await store.progress(participant.id);
    const { first, questions } = pagesIn(participant)[number - 1]!;
    const isOpen = first + questions.length - 1 > answered;
    if (participant.withdrawn || isOpen || !(await givesFeedback(participant, number)))
      return reply.redirect(nextAddress(participant, answered, survey.pages), 303);
    const shown = new Set(questions[0]!.stimuli);
    const revealed = revealedTo(
      participant.plan,
      await store.answers(participant.id),
      context.origins!,
      materials.stimuli,
    ).filter(({ stimulus }) => shown.has(stimulus.id));
    return sendPage(reply, 200, feedbackPage(pageContext, revealed, await addressAfter(participant, number)));
  });

  /** Whether this participant sees who wrote the stories of this page: no later question is about them. */
  async function givesFeedback(participant: Participant, number: number): Promise<boolean> {
    const pages = pagesIn(participant);
    if (!conditionAt(participant, pages[number - 1]!.questions[0]!)?.feedback) return false;
    const sameStory = laterAboutItsStories(pages, number);
    if (sameStory.length === 0 || !hasConditions(participant.plan)) return sameStory.length === 0;
    const answers = await store.answers(participant.id);
    return !sameStory.some((question) => isAsked(participant.plan, question, answers));
  }

  /** Answers cannot be changed once authors have been shown. */
  const mayGoBack = ({ form }: Participant): boolean =>
    survey.back && !materials.forms.get(form)?.conditions?.some(({ feedback }) => feedback);

  const conditionAt = ({ form }: Pick<Participant, "form">, planned: PlannedQuestion) =>
    conditionOf(materials.forms.get(form) ?? {}, planned);

  /** Shows the page again with what is wrong, and the answers as they were given. */
  async function refuse(
    request: FastifyRequest,
    reply: FastifyReply,
    participant: Participant,
    number: number,
    refused: Refused,
  ): Promise<FastifyReply> {
    const current = await currentPage(participant, number);
    if (
      participant.completed ||
      participant.withdrawn ||
      current.answered + 1 < firstPosition(participant, current)
    )
      return goBack(request, reply, participant);
    if (wantsJson(request)) {
      // The script leaves texts and the other answers on the page.
      if (refused.refused === "short" || refused.ask !== undefined)
        return reply.status(422).send({ stay: refusalText(pageContext, refused) });
      const address = `/q/${number}`;
      return sendProblem(request, reply, pageContext, { status: 400, name: refused.refused, address });
    }
    return sendQuestions(reply.status(400), request, participant, current, {
      given: formFields(request),
      alert: refusalText(pageContext, refused),
    });
  }

  const firstPosition = ({ plan }: Participant, { questions: [first] }: CurrentPage): number =>
    plan.indexOf(first!) + 1;

  async function acknowledge(
    request: FastifyRequest,
    reply: FastifyReply,
    outcome: SubmissionOutcome,
    participant: Participant,
    number: number,
  ): Promise<FastifyReply> {
    if (outcome === "unknown") return sendNotFound(reply, pageContext);
    if (outcome === "ahead") return goBack(request, reply, participant);
    if (outcome === "conflict" || outcome === "over") {
      const address = outcome === "conflict" ? `/q/${number}` : "/thanks";
      const name = outcome === "conflict" ? "conflict" : "kept";
      return sendProblem(request, reply, pageContext, { status: 409, name, address });
    }
    if (outcome === "stored") context.onAnswer();
    const next = (await givesFeedback(participant, number))
      ? `/q/${number}/feedback`
      : await addressAfter(participant, number);
    if (outcome === "kept")
      return sendProblem(request, reply, pageContext, { status: 409, name: "kept", address: next });
    return wantsJson(request) ? reply.send({ next }) : reply.redirect(next, 303);
  }

  /** The address after a page: the next page with a question that is asked. */
  async function addressAfter(participant: Participant, number: number): Promise<string> {
    const pages = pagesIn(participant);
    if (!hasConditions(participant.plan)) return number < pages.length ? `/q/${number + 1}` : "/thanks";
    const next = neighbour(participant, number, 1, await store.answers(participant.id));
    return next === undefined ? "/thanks" : `/q/${next}`;
  }

  /** The nearest page before (-1) or after (1) this one with a question that is asked. */
  function neighbour(
    participant: Participant,
    number: number,
    step: 1 | -1,
    answers: GivenAnswers,
  ): number | undefined {
    const pages = pagesIn(participant);
    for (let at = number + step; at >= 1 && at <= pages.length; at += step)
      if (pages[at - 1]!.questions.some((question) => isAsked(participant.plan, question, answers)))
        return at;
    return undefined;
  }

  /** Sends a participant who skipped ahead back to the first open question. */
  async function goBack(request: FastifyRequest, reply: FastifyReply, participant: Participant) {
    const { answered } = await store.progress(participant.id);
    const page = pageAt(pagesIn(participant), answered + 1);
    return sendProblem(request, reply, pageContext, { status: 409, name: "stale", address: `/q/${page}` });
  }

  function sendQuestions(
    reply: FastifyReply,
    request: FastifyRequest,
    participant: Participant,
    { number, questions, answers }: CurrentPage,
    { given, alert }: { given: Fields | undefined; alert: string | undefined },
  ): FastifyReply {
    const [first] = questions;
    const condition = conditionAt(participant, first!);
    const before = mayGoBack(participant) ? neighbour(participant, number, -1, answers) : undefined;
    return sendPage(
      reply,
      reply.statusCode,
      questionPage(pageContext, {
        tasks: tasksOf(questions),
        stimuli: first!.stimuli.map((id): Stimulus => materials.stimuli.get(id)!),
        told: first!.told,
        whole: condition?.whole,
        seconds: condition?.seconds,
        back: before === undefined ? undefined : `/q/${before}`,
        fields: survey.demographics,
        position: number,
        count: pagesIn(participant).length,
        seal: csrfTokenFor(context, secretOf(request, context)!),
        key: randomId(),
        given: given ?? fieldsOfAnswers(questions, answers),
        alert,
      }),
    );
  }

  /** The questions of a page that are asked. Reads earlier answers only if questions depend on them. */
  async function postedPage(participant: Participant, number: number) {
    const page = pagesIn(participant)[number - 1]!;
    if (!hasConditions(participant.plan)) return page;
    const answers = await store.answers(participant.id);
    return { questions: page.questions.filter((question) => isAsked(participant.plan, question, answers)) };
  }

  async function currentPage(participant: Participant, number: number): Promise<CurrentPage> {
    const { plan } = participant;
    const page = pagesIn(participant)[number - 1]!;
    const [only] = page.questions;
    if (page.questions.length === 1 && !hasConditions(plan)) {
      const { answered, given } = await store.progress(participant.id, only!.question);
      const answers: GivenAnswers = new Map(given ? [[only!.question, given]] : []);
      return { number, questions: page.questions, answers, answered, reachable: isReachable(answered) };
    }
    const [{ answered }, answers] = await Promise.all([
      store.progress(participant.id),
      store.answers(participant.id),
    ]);
    const questions = page.questions.filter((question) => isAsked(plan, question, answers));
    return { number, questions, answers, answered, reachable: questions.length > 0 && isReachable(answered) };

    /** An open page is reached in order; an answered one may be changed. */
    function isReachable(answered: number): boolean {
      const last = page.first + page.questions.length - 1;
      if (last <= answered) return mayGoBack(participant);
      return page.first <= answered + 1;
    }
  }
}

const tasksOf = (questions: readonly PlannedQuestion[]): Task[] =>
  questions.map(({ task }) => taskNamed(task)!);

/** Stored answers as the fields of a page's form; undefined if there are none. */
function fieldsOfAnswers(questions: readonly PlannedQuestion[], answers: GivenAnswers): Fields | undefined {
  const fields = questions.flatMap(({ question, task }) =>
    Object.entries(answers.get(question) ?? {}).map(
      ([name, value]) => [fieldName(task, name, questions.length), value] as const,
    ),
  );
  return fields.length > 0 ? Object.fromEntries(fields) : undefined;
}

/** The milliseconds that the browser measured; undefined if it measured none or sent something else. */
function readingTime(value: unknown): number | undefined {
  if (typeof value !== "string" || !/^\d{1,9}$/.test(value)) return undefined;
  return Number(value);
}
