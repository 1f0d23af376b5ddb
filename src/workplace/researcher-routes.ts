import type { FastifyInstance, FastifyRequest } from "fastify";
import { same, sealed } from "../survey/ids.ts";
import { accuracySoFar, overviewOf } from "../survey/progress-summary.ts";
import { alertBox } from "../survey/page.ts";
import { invitation } from "../survey/recruiting.ts";
import { type SurveyContext, sendPage } from "../survey/survey-context.ts";
import { fieldsOf } from "../survey/browser-session.ts";
import { withdrawIn } from "../survey/withdraw-participant.ts";
import { csv } from "../tables/tables.ts";
import { html } from "../text/html.ts";
import { readKey } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { lookingRoutes } from "./browse-routes.ts";
import { coderLinkRoutes, codingRoutes } from "./coding-routes.ts";
import {
  accuracyPage,
  dashboardPage,
  figures,
  loginPage,
  type ResearcherSetting,
  researcherPage,
} from "./researcher-pages.ts";

const cookieName = "researcher";
const sessionLength = 12 * 3600_000;

/** The dashboard and the pages to look at, all behind the token that was printed at the start. */
export function researcherRoutes(server: FastifyInstance, site: SurveyContext): void {
  const { store, study, material, effects, sealKey, token } = site;
  const forms = [...material.forms.keys()];

  server.get("/study/login", (_, reply) => sendPage(reply, 200, loginPage(setting(""), "")));

  server.post(
    "/study/login",
    // By address alone: a cookie can be made up.
    { config: { rateLimit: { max: 10, timeWindow: "1 minute", keyGenerator: ({ ip }) => ip } } },
    (request, reply) => {
      const { token: given } = fieldsOf(request);
      if (typeof given !== "string" || !same(given.trim(), token)) {
        return sendPage(reply, 403, loginPage(setting(""), "That is not the token."));
      }
      const until = String(effects.now() + sessionLength);
      reply.setCookie(cookieName, `${until}.${sessionSeal(until)}`, {
        path: `${site.base}/study`,
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
    if (!authorization || !same(authorization, `Bearer ${token}`)) return reply.status(403).send();
    return reply.type("application/octet-stream").send(await site.backup());
  });

  server.post("/study/withdraw", async (request, reply) => {
    const { authorization } = request.headers;
    if (!authorization || !same(authorization, `Bearer ${token}`)) return reply.status(403).send();
    const { who } = fieldsOf(request);
    const done = typeof who === "string" ? await withdrawIn(store, who, effects.now()) : undefined;
    if (!done) return reply.status(404).send();
    await site.withdrew();
    return reply.send(done);
  });

  server.register(async (inside) => {
    inside.addHook("onRequest", async (request, reply) => {
      if (!session(request)) return reply.redirect("/study/login", 303);
    });
    inside.addHook("preHandler", async (request, reply) => {
      if (request.method !== "POST") return;
      const { seal } = fieldsOf(request);
      if (typeof seal !== "string" || !same(seal, formSeal(session(request)!)))
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
      sendPage(reply, 200, dashboardPage(settingFor(request), await overview(), await store.facts.looks())),
    );

    inside.get("/study/numbers", async (_, reply) =>
      sendPage(reply, 200, figures(await overview()).toString()),
    );

    inside.post("/study/logout", (_, reply) =>
      reply.clearCookie(cookieName, { path: `${site.base}/study` }).redirect("/study/login", 303),
    );

    inside.post("/study/accuracy", async (request, reply) => {
      await store.facts.look(effects.now());
      await site.looked();
      const { answers } = await store.records.everything();
      const origins = new Map([...(await readKey(study))].map(([id, { origin }]) => [id, origin]));
      return sendPage(reply, 200, accuracyPage(settingFor(request), accuracySoFar(answers, origins)));
    });

    inside.post("/study/invitations", (request, reply) => {
      const { count } = request.body as { count?: string };
      const number = /^\d{1,5}$/.test(count ?? "") ? Math.min(10_000, Number(count)) : 0;
      const rows = Array.from({ length: number }, () => ({
        path: `${site.base}/?invitation=${invitation(sealKey)}`,
      }));
      return reply
        .type("text/csv; charset=utf-8")
        .header("content-disposition", 'attachment; filename="links.csv"')
        .send(csv(["path"], rows));
    });

    inside.register(async (links) => coderLinkRoutes(links, site, (request) => formSeal(session(request)!)));

    inside.register(async (looking) => lookingRoutes(looking, site, settingFor));
  });

  server.register(async (coding) => codingRoutes(coding, site));

  const overview = async () =>
    overviewOf(await store.records.counted(), forms, effects.now(), await store.facts.openings());

  const setting = (seal: string): ResearcherSetting => ({
    study: study.config.title,
    style: site.setting.style,
    script: site.dashboardScript,
    seal,
  });

  const settingFor = (request: FastifyRequest) => setting(formSeal(session(request)!));

  const sessionSeal = (until: string) => sealed(sealKey, "researcher", until, token);
  const formSeal = (session: string) => sealed(sealKey, "researcher form", session);

  /** The session of a logged-in researcher, until it is over. */
  function session(request: FastifyRequest): string | undefined {
    const cookie = request.cookies[cookieName] ?? "";
    const [until = "", seal = ""] = cookie.split(".");
    const valid = /^\d{1,15}$/.test(until) && same(seal, sessionSeal(until)) && Number(until) > effects.now();
    return valid ? cookie : undefined;
  }
}
