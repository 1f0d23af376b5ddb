import type { FastifyInstance } from "fastify";
import { conditionOf, type Form } from "../study/form.ts";
import { type Fields, formFields, wantsJson } from "../survey/browser-session.ts";
import { alertFromQuery, refusalText, sendNotFound, sendProblem } from "../survey/error-pages.ts";
import { equalSecrets, hmac, randomId } from "../survey/ids.ts";
import { cutIn, furtherInstructions, instructionsFor } from "../survey/instructions.ts";
import type { PageContext } from "../survey/page.ts";
import { parsePage, parsePosition } from "../survey/parse-response.ts";
import {
  consentPage,
  declinedPage,
  feedbackPage,
  instructionsPage,
  thanksPage,
} from "../survey/participant-pages.ts";
import { questionPage } from "../survey/question-page.ts";
import { laterAboutItsStories, pagesOf, type QuestionPage } from "../survey/question-pages.ts";
import { type SurveyContext, sendPage } from "../survey/survey-context.ts";
import { type Plan, planOf } from "../survey/survey-plan.ts";
import { taskNamed } from "../tasks/tasks.ts";
import { readKey } from "../workbench/artefacts.ts";

/** A form to be tried without storing anything. */
export interface Rehearsal {
  readonly address: string;
  readonly form: Form;
  readonly plan: Plan;
  /** All pages, also those that depend on earlier answers: nothing is stored. */
  readonly pages: readonly QuestionPage[];
}

/** What a rehearsal needs of a survey. */
export type RehearsalContext = Pick<SurveyContext, "study" | "materials" | "pageContext" | "signingKey">;

type RehearsalParams = { Params: { token: string; position: string } };

/**
 * A form as participants see it, from consent to thanks, for the researcher and for people who get the link from them.
 * Nothing is stored and nobody is counted. Only links signed by this study's server open it.
 */
export function rehearsalRoutes(
  server: FastifyInstance,
  contextOf: () => RehearsalContext | Promise<RehearsalContext>,
): void {
  /** The rehearsal with this token, in its context; undefined if this study did not make it. */
  const rehearsalFor = (context: RehearsalContext, token: string) =>
    [...context.materials.forms.values()]
      .map((form) => rehearsalOf(form, context))
      .filter(({ address }) => equalSecrets(address, `${prefix}/${token}`))
      .map((rehearsal) => ({
        ...rehearsal,
        pageContext: {
          ...context.pageContext,
          base: rehearsal.address,
          banner: context.pageContext.words("rehearsal"),
        },
      }))[0];

  server.get<RehearsalParams>(`${prefix}/:token`, async ({ params }, reply) => {
    const context = await contextOf();
    const rehearsal = rehearsalFor(context, params.token);
    return rehearsal
      ? sendPage(reply, 200, consentPage(rehearsal.pageContext, ""))
      : sendNotFound(reply, context.pageContext);
  });

  server.post<RehearsalParams>(`${prefix}/:token/consent`, async ({ params }, reply) => {
    const context = await contextOf();
    const rehearsal = rehearsalFor(context, params.token);
    return rehearsal
      ? reply.redirect(`${rehearsal.address}/instructions`, 303)
      : sendNotFound(reply, context.pageContext);
  });

  server.get<RehearsalParams>(`${prefix}/:token/declined`, async ({ params }, reply) => {
    const context = await contextOf();
    const rehearsal = rehearsalFor(context, params.token);
    return rehearsal
      ? sendPage(reply, 200, declinedPage(rehearsal.pageContext, undefined))
      : sendNotFound(reply, context.pageContext);
  });

  server.get<RehearsalParams>(`${prefix}/:token/instructions`, async ({ params }, reply) => {
    const context = await contextOf();
    const rehearsal = rehearsalFor(context, params.token);
    if (!rehearsal) return sendNotFound(reply, context.pageContext);
    const text =
      rehearsal.pageContext.survey.instructions ||
      instructionsFor(
        rehearsal.plan,
        context.study.config.survey.language,
        rehearsal.pageContext.words,
        cutIn(rehearsal.form, context.materials.cut),
      );
    const further = furtherInstructions(rehearsal.form);
    return sendPage(reply, 200, instructionsPage(rehearsal.pageContext, text, undefined, further));
  });

  server.get<RehearsalParams>(`${prefix}/:token/q/:position`, async (request, reply) => {
    const context = await contextOf();
    const rehearsal = rehearsalFor(context, request.params.token);
    const position = rehearsal && parsePosition(rehearsal.pages.length, request.params.position);
    if (!position) return sendNotFound(reply, rehearsal?.pageContext ?? context.pageContext);
    return sendPage(
      reply,
      200,
      questionAt(context, rehearsal, position, undefined, alertFromQuery(request, context.pageContext)),
    );
  });

  server.post<RehearsalParams>(`${prefix}/:token/q/:position`, async (request, reply) => {
    const context = await contextOf();
    const rehearsal = rehearsalFor(context, request.params.token);
    const position = rehearsal && parsePosition(rehearsal.pages.length, request.params.position);
    if (!position) return sendNotFound(reply, rehearsal?.pageContext ?? context.pageContext);
    const { pageContext, pages, address } = rehearsal;
    const fields = formFields(request);
    const read = parsePage(
      fields,
      tasksOn(pages[position - 1]!),
      pageContext.words,
      context.study.config.survey.demographics,
    );
    if ("refused" in read) {
      const name = read.refused;
      const alert = refusalText(pageContext, read);
      if (!wantsJson(request))
        return sendPage(reply, 400, questionAt(context, rehearsal, position, fields, alert));
      return name === "short" || read.ask !== undefined
        ? reply.status(422).send({ stay: alert })
        : sendProblem(request, reply, pageContext, {
            status: 400,
            name,
            address: `${address}/q/${position}`,
          });
    }
    const next = givesFeedback(rehearsal, position)
      ? `${address}/q/${position}/feedback`
      : afterwards(rehearsal, position);
    return wantsJson(request) ? reply.send({ next }) : reply.redirect(next, 303);
  });

  // Answers are not stored, so the page shows who wrote the story and not what was said.
  server.get<RehearsalParams>(`${prefix}/:token/q/:position/feedback`, async ({ params }, reply) => {
    const context = await contextOf();
    const rehearsal = rehearsalFor(context, params.token);
    const position = rehearsal && parsePosition(rehearsal.pages.length, params.position);
    if (!position || !givesFeedback(rehearsal, position))
      return sendNotFound(reply, rehearsal?.pageContext ?? context.pageContext);
    const key = await readKey(context.study);
    const revealed = rehearsal.pages[position - 1]!.questions[0]!.stimuli.map((id) => ({
      stimulus: context.materials.stimuli.get(id)!,
      origin: key.get(id)!.origin,
      said: undefined,
    }));
    return sendPage(
      reply,
      200,
      feedbackPage(rehearsal.pageContext, revealed, afterwards(rehearsal, position)),
    );
  });

  server.get<RehearsalParams>(`${prefix}/:token/thanks`, async ({ params }, reply) => {
    const context = await contextOf();
    const rehearsal = rehearsalFor(context, params.token);
    if (!rehearsal) return sendNotFound(reply, context.pageContext);
    const view = { score: undefined, code: undefined, personal: undefined };
    return sendPage(reply, 200, thanksPage(rehearsal.pageContext, view));
  });

  function questionAt(
    context: RehearsalContext,
    { form, pages, pageContext }: Rehearsal & { readonly pageContext: PageContext },
    position: number,
    given: Fields | undefined,
    alert: string | undefined,
  ): string {
    const page = pages[position - 1]!;
    const planned = page.questions[0]!;
    const { stimuli, told } = planned;
    return questionPage(pageContext, {
      tasks: tasksOn(page),
      stimuli: stimuli.map((id) => context.materials.stimuli.get(id)!),
      told,
      whole: conditionOf(form, planned)?.whole,
      seconds: conditionOf(form, planned)?.seconds,
      back: context.study.config.survey.back && position > 1 ? `/q/${position - 1}` : undefined,
      fields: context.study.config.survey.demographics,
      position,
      count: pages.length,
      seal: "",
      key: randomId(),
      given,
      alert,
    });
  }
}

const prefix = "/rehearsal";

const tasksOn = ({ questions }: QuestionPage) => questions.map(({ task }) => taskNamed(task)!);

/** Whether feedback follows this page, as in the survey: no later question is about its stories. */
function givesFeedback({ form, pages }: Rehearsal, position: number): boolean {
  const first = pages[position - 1]!.questions[0]!;
  if (!conditionOf(form, first)?.feedback || first.stimuli.length === 0) return false;
  return laterAboutItsStories(pages, position).length === 0;
}

/** The address after this page and its feedback. */
const afterwards = ({ address, pages }: Rehearsal, position: number): string =>
  `${address}/${position < pages.length ? `q/${position + 1}` : "thanks"}`;

/** A form in one of the orders that participants may get, the same each time. */
export function rehearsalOf(
  form: Form,
  { signingKey, study }: Pick<SurveyContext, "signingKey" | "study">,
): Rehearsal {
  const signature = hmac(signingKey, "rehearsal", form.id);
  const { pages } = study.config.survey;
  const plan = planOf(form, study.random("rehearsal", form.id), { originLast: pages === "story" });
  return { address: `${prefix}/${signature}`, form, plan, pages: pagesOf(plan, pages) };
}
