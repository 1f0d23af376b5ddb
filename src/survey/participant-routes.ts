import type { FastifyInstance, FastifyReply } from "fastify";
import {
  csrfTokenFor,
  currentAddress,
  type Fields,
  formFields,
  hasValidCsrfToken,
  issueSecret,
  makeCurrent,
  participantOf,
  personalAddress,
  secretOf,
  secretOfArrival,
} from "./browser-session.ts";
import { alertFromQuery, sendNotFound } from "./error-pages.ts";
import { allocateForm } from "./form-allocation.ts";
import { equalSecrets, hmac } from "./ids.ts";
import { cutIn, furtherInstructions, instructionsFor } from "./instructions.ts";
import { allowPostTo, isPreview, returnPostOf } from "./mturk.ts";
import { newParticipant, type Participant } from "./participant.ts";
import {
  consentPage,
  declinedPage,
  instructionsPage,
  personalPage,
  previewPage,
  problemPage,
  refusedPage,
  thanksPage,
  withdrawnPage,
} from "./participant-pages.ts";
import { participantScore, revealedTo } from "./participant-score.ts";
import {
  completionCode,
  inviteeOf,
  personInAddress,
  recruitingFields,
  recruitOf,
  refusalCode,
  returnAddress,
  sourceIn,
} from "./recruiting.ts";
import { type SurveyContext, sendPage } from "./survey-context.ts";
import { planOf } from "./survey-plan.ts";

type PersonalLinkParams = { Params: { token: string; action: string } };

/** A participant's pages except the questions (`question-routes.ts`): consent, instructions, thanks, the personal page. */
export function participantRoutes(server: FastifyInstance, context: SurveyContext): void {
  const { store, pageContext, study, materials, effects } = context;
  const { words } = pageContext;
  const { survey } = study.config;
  const reserve = survey.reserve * 60_000;

  server.get("/", async (request, reply) => {
    if (survey.recruiting?.service === "mturk" && isPreview(request.query as Fields))
      return sendPage(reply, 200, previewPage(pageContext));
    const query = request.query as Fields;
    const broken = brokenInvitation(query);
    if (broken) return sendPage(reply, 403, problemPage(pageContext, broken));
    const recruit = personInAddress(context.signingKey, survey.recruiting, query);
    const known = await secretOfArrival(request, reply, context, recruit);
    const participant = known && (await store.bySecret(known));
    if (participant) return reply.redirect(await currentAddress(context, participant), 303);
    const secret = known ?? issueSecret(request, reply, context, { recruit });
    if (!known) context.onVisit();
    if (survey.invited && recruit?.service !== "invitation") {
      return sendPage(reply, 403, problemPage(pageContext, words("problem.uninvited")));
    }
    const sendRefusal = await refusal();
    if (sendRefusal) return sendRefusal(reply);
    const options = {
      alert: alertFromQuery(request, pageContext),
      carried: recruitingFields(survey, query),
    };
    return sendPage(reply, 200, consentPage(pageContext, csrfTokenFor(context, secret), options));
  });

  server.post("/consent", async (request, reply) => {
    const fields = formFields(request);
    const secret = secretOf(request, context);
    const consentAgain = (own: string | undefined) => {
      const fresh = own ?? issueSecret(request, reply, context, { recruit: person });
      const options = { alert: words("problem.stale"), carried: recruitingFields(survey, fields) };
      return sendPage(reply, 403, consentPage(pageContext, csrfTokenFor(context, fresh), options));
    };
    const person = personInAddress(context.signingKey, survey.recruiting, fields);
    if (!secret || !hasValidCsrfToken(request, context, secret))
      return consentAgain(await secretOfArrival(request, reply, context, person));
    const broken = brokenInvitation(fields);
    if (broken) return sendPage(reply, 403, problemPage(pageContext, broken));
    const invited = inviteeOf(context.signingKey, fields["invitation"]);
    if (survey.invited && !invited && !(await store.bySecret(secret))) {
      return sendPage(reply, 403, problemPage(pageContext, words("problem.uninvited")));
    }
    if ((await store.metadata.paused()) && !(await store.bySecret(secret))) return refuse(reply, "paused");
    const { id } = newParticipant();
    const allocated = await store.allocate(
      {
        id,
        secret,
        now: effects.now(),
        reserve,
        forms: [...materials.forms.keys()],
        groupOf: (form) => materials.forms.get(form)?.group,
        quota: survey.quota,
        simulated: false,
        recruit: invited ?? recruitOf(survey.recruiting, fields),
        source: sourceIn(survey.sources, fields),
        oncePer: survey.recruiting?.oncePer ?? "person",
        planFor: (form) =>
          planOf(materials.forms.get(form)!, study.random("order", id), {
            originLast: survey.pages === "story",
          }),
      },
      study.random("allocation", id),
    );
    if ("refused" in allocated) {
      const { refused } = allocated;
      if (refused === "other") return consentAgain(undefined);
      if (refused === "taken")
        return sendPage(
          reply,
          409,
          problemPage(pageContext, words(invited ? "problem.invitation" : "problem.taken")),
        );
      return refuse(reply, refused);
    }
    makeCurrent(request, reply, context, secret);
    return reply.redirect(await currentAddress(context, allocated), 303);
  });

  server.get("/declined", async (_, reply) => {
    const code = survey.recruiting?.codes.noConsent;
    return sendPage(reply, 200, declinedPage(pageContext, code ? codeFor(code) : undefined));
  });

  server.get<PersonalLinkParams>("/my/:token", async (request, reply) => {
    const participant = await participantOfLink(request.params.token);
    if (!participant) return sendNotFound(reply, pageContext);
    if (participant.withdrawn) {
      const debrief = materials.forms.get(participant.form)?.deceives === true;
      return sendPage(reply, 410, withdrawnPage(pageContext, { debrief }));
    }
    const view = { ...personalOf(participant), over: participant.completed !== undefined };
    return sendPage(reply, 200, personalPage(pageContext, view));
  });

  server.post<PersonalLinkParams>("/my/:token/:action", async (request, reply) => {
    const participant = await participantOfLink(request.params.token);
    if (!participant) return sendNotFound(reply, pageContext);
    const { seal } = formFields(request);
    if (typeof seal !== "string" || !equalSecrets(seal, personalOf(participant).seal)) {
      const link = { label: words("problem.stale.link"), address: personalAddress(context, participant) };
      return sendPage(reply, 403, problemPage(pageContext, words("problem.stale"), link));
    }
    if (participant.withdrawn) return sendPage(reply, 410, withdrawnPage(pageContext));
    if (request.params.action === "withdraw") {
      await store.withdraw(participant.id, effects.now());
      void context.onWithdrawal();
      return reply.redirect(personalAddress(context, participant), 303);
    }
    if (request.params.action !== "continue") return sendNotFound(reply, pageContext);
    const recruit = await store.recruitOf(participant.id);
    await store.replaceSecret(
      participant.id,
      issueSecret(request, reply, context, { recruit, makeCurrent: true }),
    );
    return reply.redirect(await currentAddress(context, participant), 303);
  });

  server.get("/instructions", async (request, reply) => {
    const participant = await participantOf(request, context);
    if (!participant) return reply.redirect("/", 303);
    if (participant.completed || participant.withdrawn)
      return reply.redirect(await currentAddress(context, participant), 303);
    const instructions =
      pageContext.survey.instructions ||
      instructionsFor(
        participant.plan,
        survey.language,
        words,
        cutIn(materials.forms.get(participant.form) ?? {}, materials.cut),
      );
    return sendPage(
      reply,
      200,
      instructionsPage(
        pageContext,
        instructions,
        personalAddress(context, participant),
        furtherInstructions(materials.forms.get(participant.form)),
      ),
    );
  });

  server.get("/withdrawn", async (_, reply) => sendPage(reply, 410, withdrawnPage(pageContext)));

  server.get("/thanks", async (request, reply) => {
    const participant = await participantOf(request, context);
    if (!participant) return reply.redirect("/", 303);
    if (!participant.completed || participant.withdrawn)
      return reply.redirect(await currentAddress(context, participant), 303);
    const answers = await store.answers(participant.id);
    const { origins } = context;
    const score = survey.feedback && origins && participantScore(participant.plan, answers, origins);
    const own = hmac(context.signingKey, "code", participant.id)
      .replace(/[^A-Za-z0-9]/g, "")
      .slice(0, 10)
      .toUpperCase();
    const code =
      survey.recruiting && codeFor(completionCode(survey.recruiting, participant.plan, answers, own));
    const back = code && returnPostOf(await store.recruitOf(participant.id));
    if (back) allowPostTo(reply, back.host);
    const post = back && {
      address: back.address,
      fields: { assignmentId: back.assignmentId, code: code.code },
    };
    return sendPage(
      reply,
      200,
      thanksPage(pageContext, {
        score: score || undefined,
        code: code && { ...code, post },
        revealed:
          survey.reveal && origins ? revealedTo(participant.plan, answers, origins, materials.stimuli) : [],
        personal: personalOf(participant),
      }),
    );
  });

  const personalOf = (participant: Participant) => ({
    address: personalAddress(context, participant),
    seal: hmac(context.signingKey, "personal form", participant.id),
  });

  const codeFor = (code: string) => ({
    code,
    address: survey.recruiting && returnAddress(survey.recruiting, code),
  });

  async function participantOfLink(token: string): Promise<Participant | undefined> {
    const [, id = "", signature = ""] = /^([a-z2-7]{26})-([\w-]{43})$/.exec(token) ?? [];
    if (!equalSecrets(signature, hmac(context.signingKey, "personal", id))) return undefined;
    return store.byId(id);
  }

  async function refusal(): Promise<((reply: FastifyReply) => FastifyReply) | undefined> {
    if (await store.metadata.paused()) return (reply) => refuse(reply, "paused");
    if (survey.quota === undefined) return undefined;
    const loads = await store.loads([...materials.forms.keys()], effects.now());
    const allocation = allocateForm(loads, survey.quota, study.random("peek"));
    return "refused" in allocation ? (reply) => refuse(reply, allocation.refused) : undefined;
  }

  const refuse = (reply: FastifyReply, why: "full" | "closed" | "paused" | "withdrawn") =>
    sendPage(
      reply,
      why === "full" || why === "paused" ? 503 : 410,
      refusedPage(
        pageContext,
        words(`problem.${why}.heading`),
        words(`problem.${why}`),
        refusalCode(survey.recruiting),
      ),
    );

  /** The message for an invitation that this study did not make, probably because part of the link is missing. */
  const brokenInvitation = (fields: Fields): string | undefined =>
    fields["invitation"] === undefined || inviteeOf(context.signingKey, fields["invitation"])
      ? undefined
      : words(survey.invited ? "problem.uninvited" : "problem.link");
}
