import type { FastifyInstance } from "fastify";
import type { Form } from "../study/form.ts";
import { randomId, same, sealed } from "../survey/ids.ts";
import { instructionsFor } from "../survey/instructions.ts";
import type { PageContext } from "../survey/page.ts";
import { consentPage, declinedPage, instructionsPage, thanksPage } from "../survey/participant-pages.ts";
import { alertText, nowhere, problem, told } from "../survey/error-pages.ts";
import { questionPage } from "../survey/question-page.ts";
import { positionIn, responseIn } from "../survey/parse-response.ts";
import { type SurveyContext, sendPage } from "../survey/survey-context.ts";
import { type Plan, planOf } from "../survey/survey-plan.ts";
import { type Fields, fieldsOf, wantsJson } from "../survey/browser-session.ts";
import { taskNamed } from "../tasks/tasks.ts";

/** A way through a form that is gone for a trial. */
export interface Rehearsal {
  readonly address: string;
  readonly plan: Plan;
}

type Where = { Params: { token: string; position: string } };

/**
 * A form as participants go through it, from consent to thanks, for who makes the study and for whom they send the link.
 * Nothing is stored and nobody is counted, so that who looks is no reader of the study. The seal lets nobody in but by
 * a link that this study's server made.
 */
export function rehearsalRoutes(server: FastifyInstance, site: SurveyContext): void {
  const { survey } = site.study.config;
  const ways = new Map([...site.material.forms.values()].map((form) => [form.id, rehearsalOf(form, site)]));
  const banner = site.setting.words("rehearsal");

  /** Where a link leads; undefined where this study never made it. */
  const wayOf = (token: string) =>
    [...ways.values()]
      .filter(({ address }) => same(address, `${place}/${token}`))
      .map((way) => ({ ...way, setting: { ...site.setting, base: way.address, banner } }))[0];

  server.get<Where>(`${place}/:token`, async ({ params }, reply) => {
    const way = wayOf(params.token);
    return way ? sendPage(reply, 200, consentPage(way.setting, "")) : nowhere(reply, site.setting);
  });

  server.post<Where>(`${place}/:token/consent`, async ({ params }, reply) => {
    const way = wayOf(params.token);
    return way ? reply.redirect(`${way.address}/instructions`, 303) : nowhere(reply, site.setting);
  });

  server.get<Where>(`${place}/:token/declined`, async ({ params }, reply) => {
    const way = wayOf(params.token);
    return way ? sendPage(reply, 200, declinedPage(way.setting, undefined)) : nowhere(reply, site.setting);
  });

  server.get<Where>(`${place}/:token/instructions`, async ({ params }, reply) => {
    const way = wayOf(params.token);
    if (!way) return nowhere(reply, site.setting);
    const text =
      way.setting.survey.instructions || instructionsFor(way.plan, survey.language, way.setting.words);
    return sendPage(reply, 200, instructionsPage(way.setting, text, undefined));
  });

  server.get<Where>(`${place}/:token/q/:position`, async (request, reply) => {
    const way = wayOf(request.params.token);
    const position = way && positionIn(way.plan, request.params.position);
    if (!position) return nowhere(reply, way?.setting ?? site.setting);
    return sendPage(reply, 200, questionAt(way, position, undefined, told(request, site.setting)));
  });

  server.post<Where>(`${place}/:token/q/:position`, async (request, reply) => {
    const way = wayOf(request.params.token);
    const position = way && positionIn(way.plan, request.params.position);
    if (!position) return nowhere(reply, way?.setting ?? site.setting);
    const { setting, plan, address } = way;
    const fields = fieldsOf(request);
    const read = responseIn(fields, plan[position - 1]!.task, survey.demographics);
    if ("refused" in read) {
      const name = read.refused;
      return wantsJson(request)
        ? problem(request, reply, setting, { status: 400, name, address: `${address}/q/${position}` })
        : sendPage(reply, 400, questionAt(way, position, fields, alertText(setting, name)));
    }
    const next = `${address}/${position < plan.length ? `q/${position + 1}` : "thanks"}`;
    return wantsJson(request) ? reply.send({ next }) : reply.redirect(next, 303);
  });

  server.get<Where>(`${place}/:token/thanks`, async ({ params }, reply) => {
    const way = wayOf(params.token);
    if (!way) return nowhere(reply, site.setting);
    const view = { score: undefined, code: undefined, personal: undefined };
    return sendPage(reply, 200, thanksPage(way.setting, view));
  });

  function questionAt(
    { plan, setting }: Rehearsal & { readonly setting: PageContext },
    position: number,
    given: Fields | undefined,
    alert: string | undefined,
  ): string {
    const { task, stimuli } = plan[position - 1]!;
    return questionPage(setting, {
      task: taskNamed(task)!,
      stimuli: stimuli.map((id) => site.material.stimuli.get(id)!),
      fields: survey.demographics,
      position,
      count: plan.length,
      seal: "",
      key: randomId(),
      given,
      alert,
    });
  }
}

const place = "/rehearsal";

/** One of the ways that participants may go through a form, the same each time. */
export function rehearsalOf(
  form: Form,
  { sealKey, study }: Pick<SurveyContext, "sealKey" | "study">,
): Rehearsal {
  const seal = sealed(sealKey, "rehearsal", form.id);
  return { address: `${place}/${seal}`, plan: planOf(form, study.random("rehearsal", form.id)) };
}
