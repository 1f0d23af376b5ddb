import type { FastifyInstance, FastifyReply } from "fastify";
import { allocate } from "./form-allocation.ts";
import { same, sealed } from "./ids.ts";
import { instructionsFor } from "./instructions.ts";
import { isPreview, letPostTo, returnPostOf } from "./mturk.ts";
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
import { newParticipant, type Participant } from "./participant.ts";
import { nowhere, told } from "./error-pages.ts";
import {
  carried,
  completionCode,
  invitedBy,
  noPlaceCode,
  personIn,
  recruitOf,
  returnAddress,
} from "./recruiting.ts";
import { scoreOf } from "./participant-score.ts";
import { type SurveyContext, sendPage } from "./survey-context.ts";
import { planOf } from "./survey-plan.ts";
import {
  type Fields,
  fieldsOf,
  giveSecret,
  participantOf,
  personalAddress,
  placeOf,
  sealFor,
  sealHolds,
  secretOf,
  secretOfArrival,
  takeTurn,
} from "./browser-session.ts";

type Personal = { Params: { token: string; action: string } };

/** The pages of a participant: consent, instructions, thanks, and their own. The questions are in `question-routes.ts`. */
export function participantRoutes(server: FastifyInstance, site: SurveyContext): void {
  const { store, setting, study, material, effects } = site;
  const { words } = setting;
  const { survey } = study.config;
  const reserve = survey.reserve * 60_000;

  server.get("/", async (request, reply) => {
    if (survey.recruiting?.service === "mturk" && isPreview(request.query as Fields))
      return sendPage(reply, 200, previewPage(setting));
    const query = request.query as Fields;
    const broken = brokenInvitation(query);
    if (broken) return sendPage(reply, 403, problemPage(setting, broken));
    const recruit = personIn(site.sealKey, survey.recruiting, query);
    const known = await secretOfArrival(request, reply, site, recruit);
    const participant = known && (await store.participant(known));
    if (participant) return reply.redirect(await placeOf(site, participant), 303);
    const secret = known ?? giveSecret(request, reply, site, { recruit });
    if (!known) site.opened();
    if (survey.invited && recruit?.service !== "invitation") {
      return sendPage(reply, 403, problemPage(setting, words("problem.uninvited")));
    }
    const closed = await refusal();
    if (closed) return closed(reply);
    const carry = { alert: told(request, setting), carried: carried(survey.recruiting, query) };
    return sendPage(reply, 200, consentPage(setting, sealFor(site, secret), carry));
  });

  server.post("/consent", async (request, reply) => {
    const fields = fieldsOf(request);
    const secret = secretOf(request, site);
    const again = (own: string | undefined) => {
      const fresh = own ?? giveSecret(request, reply, site, { recruit: person });
      const carry = { alert: words("problem.stale"), carried: carried(survey.recruiting, fields) };
      return sendPage(reply, 403, consentPage(setting, sealFor(site, fresh), carry));
    };
    const person = personIn(site.sealKey, survey.recruiting, fields);
    if (!secret || !sealHolds(request, site, secret))
      return again(await secretOfArrival(request, reply, site, person));
    const broken = brokenInvitation(fields);
    if (broken) return sendPage(reply, 403, problemPage(setting, broken));
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
        oncePer: survey.recruiting?.oncePer ?? "person",
        planFor: (form) => planOf(material.forms.get(form)!, study.random("order", id)),
      },
      study.random("allocation", id),
    );
    if ("refused" in entered) {
      const { refused } = entered;
      if (refused === "other") return again(undefined);
      if (refused === "taken")
        return sendPage(
          reply,
          409,
          problemPage(setting, words(invited ? "problem.invitation" : "problem.taken")),
        );
      return refuse(reply, refused);
    }
    takeTurn(request, reply, site, secret);
    return reply.redirect(await placeOf(site, entered), 303);
  });

  server.get("/declined", async (_, reply) => {
    const code = survey.recruiting?.codes.noConsent;
    return sendPage(reply, 200, declinedPage(setting, code ? codeFor(code) : undefined));
  });

  server.get<Personal>("/my/:token", async (request, reply) => {
    const participant = await personalOf(request.params.token);
    if (!participant) return nowhere(reply, setting);
    if (participant.withdrawn) return sendPage(reply, 410, withdrawnPage(setting));
    const seal = sealed(site.sealKey, "personal form", participant.id);
    const view = {
      address: personalAddress(site, participant),
      seal,
      over: participant.completed !== undefined,
    };
    return sendPage(reply, 200, personalPage(setting, view));
  });

  server.post<Personal>("/my/:token/:action", async (request, reply) => {
    const participant = await personalOf(request.params.token);
    if (!participant) return nowhere(reply, setting);
    const { seal } = fieldsOf(request);
    if (typeof seal !== "string" || !same(seal, sealed(site.sealKey, "personal form", participant.id))) {
      const again = { label: words("problem.stale.link"), address: personalAddress(site, participant) };
      return sendPage(reply, 403, problemPage(setting, words("problem.stale"), again));
    }
    if (participant.withdrawn) return sendPage(reply, 410, withdrawnPage(setting));
    if (request.params.action === "withdraw") {
      await store.withdraw(participant.id, effects.now());
      void site.withdrew();
      return reply.redirect(personalAddress(site, participant), 303);
    }
    if (request.params.action !== "continue") return nowhere(reply, setting);
    const recruit = await store.recruitOf(participant.id);
    await store.giveSecret(participant.id, giveSecret(request, reply, site, { recruit, turn: true }));
    return reply.redirect(await placeOf(site, participant), 303);
  });

  server.get("/instructions", async (request, reply) => {
    const participant = await participantOf(request, site);
    if (!participant) return reply.redirect("/", 303);
    if (participant.completed || participant.withdrawn)
      return reply.redirect(await placeOf(site, participant), 303);
    const instructions =
      setting.survey.instructions || instructionsFor(participant.plan, survey.language, words);
    return sendPage(reply, 200, instructionsPage(setting, instructions, personalAddress(site, participant)));
  });

  server.get("/withdrawn", async (_, reply) => sendPage(reply, 410, withdrawnPage(setting)));

  server.get("/thanks", async (request, reply) => {
    const participant = await participantOf(request, site);
    if (!participant) return reply.redirect("/", 303);
    if (!participant.completed || participant.withdrawn)
      return reply.redirect(await placeOf(site, participant), 303);
    const answers = await store.answers(participant.id);
    const score = site.origins && scoreOf(participant.plan, answers, site.origins);
    const own = sealed(site.sealKey, "code", participant.id)
      .replace(/[^A-Za-z0-9]/g, "")
      .slice(0, 10)
      .toUpperCase();
    const code =
      survey.recruiting && codeFor(completionCode(survey.recruiting, participant.plan, answers, own));
    const back = code && returnPostOf(await store.recruitOf(participant.id));
    if (back) letPostTo(reply, back.host);
    const post = back && {
      address: back.address,
      fields: { assignmentId: back.assignmentId, code: code.code },
    };
    return sendPage(
      reply,
      200,
      thanksPage(setting, {
        score,
        code: code && { ...code, post },
        personal: personalAddress(site, participant),
      }),
    );
  });

  const codeFor = (code: string) => ({
    code,
    address: survey.recruiting && returnAddress(survey.recruiting, code),
  });

  async function personalOf(token: string): Promise<Participant | undefined> {
    const [, id = "", seal = ""] = /^([a-z2-7]{26})-([\w-]{43})$/.exec(token) ?? [];
    if (!same(seal, sealed(site.sealKey, "personal", id))) return undefined;
    return store.byId(id);
  }

  async function refusal(): Promise<((reply: FastifyReply) => FastifyReply) | undefined> {
    if (survey.quota === undefined) return undefined;
    const loads = await store.loads([...material.forms.keys()], effects.now());
    const allocation = allocate(loads, survey.quota, study.random("peek"));
    return "refused" in allocation ? (reply) => refuse(reply, allocation.refused) : undefined;
  }

  const refuse = (reply: FastifyReply, why: "full" | "closed" | "withdrawn") =>
    sendPage(
      reply,
      why === "full" ? 503 : 410,
      refusedPage(
        setting,
        words(`problem.${why}.heading`),
        words(`problem.${why}`),
        noPlaceCode(survey.recruiting),
      ),
    );

  /** What to say to who comes with an invitation that this study never made: part of it was lost on the way. */
  const brokenInvitation = (fields: Fields): string | undefined =>
    fields["invitation"] === undefined || invitedBy(site.sealKey, fields["invitation"])
      ? undefined
      : words(survey.invited ? "problem.uninvited" : "problem.link");
}
