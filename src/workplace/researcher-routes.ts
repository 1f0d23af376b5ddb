import type { FastifyInstance, FastifyRequest } from "fastify";
import { formFields } from "../survey/browser-session.ts";
import { equalSecrets, hmac } from "../survey/ids.ts";
import { alertBox } from "../survey/page.ts";
import { type SurveyContext, sendPage } from "../survey/survey-context.ts";
import { withdrawParticipant } from "../survey/withdraw-participant.ts";
import { StudyError } from "../workbench/errors.ts";
import { codingRoutes } from "./coding-routes.ts";
import { errorLine, type Layout, loginPage, researcherPage } from "./page-layout.ts";
import { pages } from "./pages.ts";
import type { WorkplaceContext } from "./workplace-page.ts";

const cookieName = "researcher";
const sessionLength = 12 * 3600_000;

/** The researcher's pages, behind the token that `serve` prints, and the requests of other commands on this machine. */
export function researcherRoutes(server: FastifyInstance, context: SurveyContext): void {
  const { store, study, effects, signingKey, token } = context;
  const layout: Layout = {
    study: study.config.title,
    style: context.pageContext.style,
    script: context.dashboardScript,
  };

  server.get("/study/login", (_, reply) => sendPage(reply, 200, loginPage(layout, "")));

  server.post(
    "/study/login",
    // By address alone: cookies can be made up.
    { config: { rateLimit: { max: 10, timeWindow: "1 minute", keyGenerator: ({ ip }) => ip } } },
    (request, reply) => {
      const { token: given } = formFields(request);
      if (typeof given !== "string" || !equalSecrets(given.trim(), token)) {
        return sendPage(reply, 403, loginPage(layout, "This token is wrong."));
      }
      const until = String(effects.now() + sessionLength);
      reply.setCookie(cookieName, `${until}.${sessionSignature(until)}`, {
        path: `${context.base}/study`,
        httpOnly: true,
        sameSite: "strict",
        secure: study.config.survey.proxy,
        maxAge: sessionLength / 1000,
      });
      return reply.redirect("/study", 303);
    },
  );

  // Other commands on this machine send the token itself; a browser sends its cookie.
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
      if (typeof seal !== "string" || !equalSecrets(seal, workplace.seal(request)))
        return reply.status(403).send();
    });

    // Errors in the study's files are shown to the researcher, who can fix them.
    inside.setErrorHandler(async (error, request, reply) => {
      if (!(error instanceof StudyError)) throw error;
      const body = alertBox(errorLine(error));
      return workplace.show(request, reply, { heading: "This page cannot be shown", body, status: 503 });
    });

    inside.post("/study/logout", (_, reply) =>
      reply.clearCookie(cookieName, { path: `${context.base}/study` }).redirect("/study/login", 303),
    );

    for (const page of pages) {
      inside.get(page.path, async (request, reply) =>
        workplace.show(request, reply, { heading: page.title, body: await page.body(request, workplace) }),
      );
      for (const { method, path, handle } of page.actions ?? [])
        inside.route({ method, url: path, handler: (request, reply) => handle(request, reply, workplace) });
    }
  });

  server.register(async (coding) => codingRoutes(coding, context));

  const workplace: WorkplaceContext = {
    ...context,
    seal: (request) => hmac(signingKey, "researcher form", session(request)!),
    show(request, reply, { heading, body, status = 200 }) {
      const navigation = { links: pages, seal: workplace.seal(request) };
      return sendPage(reply, status, researcherPage(layout, navigation, heading, body));
    },
  };

  const sessionSignature = (until: string) => hmac(signingKey, "researcher", until, token);

  /** The session of a logged-in researcher, until it expires. */
  function session(request: FastifyRequest): string | undefined {
    const cookie = request.cookies[cookieName] ?? "";
    const [until = "", signature = ""] = cookie.split(".");
    const valid =
      /^\d{1,15}$/.test(until) &&
      equalSecrets(signature, sessionSignature(until)) &&
      Number(until) > effects.now();
    return valid ? cookie : undefined;
  }
}
