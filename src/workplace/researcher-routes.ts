import type { FastifyInstance, FastifyRequest } from "fastify";
import { formFields } from "../survey/browser-session.ts";
import { equalSecrets, hmac } from "../survey/ids.ts";
import { alertBox } from "../survey/page.ts";
import { accuracySoFar, progressSummaryOf } from "../survey/progress-summary.ts";
import { newInvitation } from "../survey/recruiting.ts";
import { type SurveyContext, sendPage } from "../survey/survey-context.ts";
import { withdrawParticipant } from "../survey/withdraw-participant.ts";
import { csv } from "../tables/tables.ts";
import { html } from "../text/html.ts";
import { readKey } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { lookingRoutes } from "./browse-routes.ts";
import { coderLinkRoutes, codingRoutes } from "./coding-routes.ts";
import {
  accuracyPage,
  dashboardPage,
  loginPage,
  progressFigures,
  type ResearcherContext,
  researcherPage,
} from "./researcher-pages.ts";

const cookieName = "researcher";
const sessionLength = 12 * 3600_000;

/** The dashboard and the pages to look at, all behind the token that was printed at the start. */
export function researcherRoutes(server: FastifyInstance, context: SurveyContext): void {
  const { store, study, materials, effects, sealKey, token } = context;
  const forms = [...materials.forms.keys()];

  server.get("/study/login", (_, reply) => sendPage(reply, 200, loginPage(pageContext(""), "")));

  server.post(
    "/study/login",
    // By address alone: a cookie can be made up.
    { config: { rateLimit: { max: 10, timeWindow: "1 minute", keyGenerator: ({ ip }) => ip } } },
    (request, reply) => {
      const { token: given } = formFields(request);
      if (typeof given !== "string" || !equalSecrets(given.trim(), token)) {
        return sendPage(reply, 403, loginPage(pageContext(""), "That is not the token."));
      }
      const until = String(effects.now() + sessionLength);
      reply.setCookie(cookieName, `${until}.${sessionSeal(until)}`, {
        path: `${context.base}/study`,
        httpOnly: true,
        sameSite: "strict",
        secure: study.config.survey.proxy,
        maxAge: sessionLength / 1000,
      });
      return reply.redirect("/study", 303);
    },
  );

  // A program on this machine shows the token itself; a browser shows its cookie.
  server.post("/study/backup", async (request, reply) => {
    const { authorization } = request.headers;
    if (!authorization || !equalSecrets(authorization, `Bearer ${token}`)) return reply.status(403).send();
    return reply.type("application/octet-stream").send(await context.backup());
  });

  server.post("/study/withdraw", async (request, reply) => {
    const { authorization } = request.headers;
    if (!authorization || !equalSecrets(authorization, `Bearer ${token}`)) return reply.status(403).send();
    const { who } = formFields(request);
    const done = typeof who === "string" ? await withdrawParticipant(store, who, effects.now()) : undefined;
    if (!done) return reply.status(404).send();
    await context.onWithdrawal();
    return reply.send(done);
  });

  server.register(async (inside) => {
    inside.addHook("onRequest", async (request, reply) => {
      if (!session(request)) return reply.redirect("/study/login", 303);
    });
    inside.addHook("preHandler", async (request, reply) => {
      if (request.method !== "POST") return;
      const { seal } = formFields(request);
      if (typeof seal !== "string" || !equalSecrets(seal, formSeal(session(request)!)))
        return reply.status(403).send();
    });

    // What is wrong with the study's files is told to the researcher, who can mend it.
    inside.setErrorHandler(async (error, request, reply) => {
      if (!(error instanceof StudyError)) throw error;
      const line = [error.message, error.hint].filter(Boolean).join("; ");
      return sendPage(
        reply,
        503,
        researcherPage(settingFor(request), "Not just now", html`${alertBox(line)}`),
      );
    });

    inside.get("/study", async (request, reply) =>
      sendPage(
        reply,
        200,
        dashboardPage(settingFor(request), await overview(), await store.metadata.looks()),
      ),
    );

    inside.get("/study/numbers", async (_, reply) =>
      sendPage(reply, 200, progressFigures(await overview()).toString()),
    );

    inside.post("/study/logout", (_, reply) =>
      reply.clearCookie(cookieName, { path: `${context.base}/study` }).redirect("/study/login", 303),
    );

    inside.post("/study/accuracy", async (request, reply) => {
      await store.metadata.recordLook(effects.now());
      await context.onLook();
      const { answers } = await store.records.all();
      const origins = new Map([...(await readKey(study))].map(([id, { origin }]) => [id, origin]));
      return sendPage(reply, 200, accuracyPage(settingFor(request), accuracySoFar(answers, origins)));
    });

    inside.post("/study/invitations", (request, reply) => {
      const { count } = request.body as { count?: string };
      const number = /^\d{1,5}$/.test(count ?? "") ? Math.min(10_000, Number(count)) : 0;
      const rows = Array.from({ length: number }, () => ({
        path: `${context.base}/?invitation=${newInvitation(sealKey)}`,
      }));
      return reply
        .type("text/csv; charset=utf-8")
        .header("content-disposition", 'attachment; filename="links.csv"')
        .send(csv(["path"], rows));
    });

    inside.register(async (links) =>
      coderLinkRoutes(links, context, (request) => formSeal(session(request)!)),
    );

    inside.register(async (looking) => lookingRoutes(looking, context, settingFor));
  });

  server.register(async (coding) => codingRoutes(coding, context));

  const overview = async () =>
    progressSummaryOf(
      await store.records.participantProgress(),
      forms,
      effects.now(),
      await store.metadata.visits(),
    );

  const pageContext = (seal: string): ResearcherContext => ({
    study: study.config.title,
    style: context.pageContext.style,
    script: context.dashboardScript,
    seal,
  });

  const settingFor = (request: FastifyRequest) => pageContext(formSeal(session(request)!));

  const sessionSeal = (until: string) => hmac(sealKey, "researcher", until, token);
  const formSeal = (session: string) => hmac(sealKey, "researcher form", session);

  /** The session of a logged-in researcher, until it is over. */
  function session(request: FastifyRequest): string | undefined {
    const cookie = request.cookies[cookieName] ?? "";
    const [until = "", seal = ""] = cookie.split(".");
    const valid =
      /^\d{1,15}$/.test(until) && equalSecrets(seal, sessionSeal(until)) && Number(until) > effects.now();
    return valid ? cookie : undefined;
  }
}
