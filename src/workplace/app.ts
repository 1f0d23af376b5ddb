import cookie from "@fastify/cookie";
import formbody from "@fastify/formbody";
import rateLimit from "@fastify/rate-limit";
import { type FastifyInstance, fastify } from "fastify";
import { addBasePath, withoutBasePath } from "../survey/base-path.ts";
import { secretOf } from "../survey/browser-session.ts";
import { controlRoutes } from "../survey/control-routes.ts";
import { errorHandlers, sendNotFound } from "../survey/error-pages.ts";
import { askedIn } from "../survey/instructions.ts";
import { phrasesOf } from "../survey/languages.ts";
import { allowMTurkFrame } from "../survey/mturk.ts";
import type { PageContext } from "../survey/page.ts";
import { participantRoutes } from "../survey/participant-routes.ts";
import { timeLimitAddress, timeLimitStyle } from "../survey/question-page.ts";
import { questionRoutes } from "../survey/question-routes.ts";
import { rateLimitKey } from "../survey/rate-limit.ts";
import type { StudyMaterials } from "../survey/study-materials.ts";
import type { SurveyContext } from "../survey/survey-context.ts";
import { fillIn, surveyLengthOf } from "../survey/survey-length.ts";
import { monitorOf } from "../survey/survey-monitor.ts";
import type { Study } from "../workbench/study.ts";
import { asset, serveAssets } from "./assets.ts";
import { makeCoderLink } from "./coder-session.ts";
import { codingRoutes } from "./coding-routes.ts";
import { rehearsalRoutes } from "./rehearsal-routes.ts";
import { safeHeaders } from "./safe-headers.ts";

/** What every page of a study's survey needs. */
export function pageContextOf(study: Study, { forms, stimuli }: StudyMaterials): PageContext {
  const { survey } = study.config;
  const words = phrasesOf(survey.language);
  const length = surveyLengthOf(forms.values(), stimuli);
  // All forms have the same tasks.
  const [form] = forms.values();
  const tasks = askedIn(form!.questions, survey.language, words);
  const filled = (text: string) => fillIn(text, length, tasks);
  return {
    language: survey.language,
    words,
    style: surveyAssets.style.address,
    script: surveyAssets.script.address,
    base: "",
    survey: {
      ...survey,
      consent: filled(survey.consent || words("consent.text")),
      instructions: filled(survey.instructions),
      debrief: filled(survey.debrief),
    },
  };
}

/** The fixed files of the participants' pages. */
export const surveyAssets = {
  style: asset("src/survey/client/style.css", "text/css; charset=utf-8"),
  script: asset("src/survey/client/outbox.js", "text/javascript; charset=utf-8"),
};

/** The survey's web server, not yet listening. It has no page for the researcher, whose pages `tinylove open` shows. */
export async function buildApp(context: SurveyContext): Promise<FastifyInstance> {
  const { proxy, rate, recruiting } = context.study.config.survey;
  const { base } = context;
  const headers = await safeHeaders(proxy);
  const participants = recruiting?.service === "mturk" ? allowMTurkFrame(headers) : headers;
  const server = fastify({
    bodyLimit: 32 * 1024,
    requestTimeout: 30_000,
    connectionTimeout: 120_000,
    keepAliveTimeout: 65_000,
    // Slow requests are looked for every two seconds.
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 2000 },
    forceCloseConnections: true,
    // Client addresses are used in memory for rate limits and never stored.
    logger: false,
    trustProxy: proxy ? "loopback" : false,
    rewriteUrl: ({ url }) => withoutBasePath(base, url ?? "/"),
    // A malformed address gets the same page and headers as an unknown one, and no message of the framework.
    frameworkErrors: (_, __, reply) => sendNotFound(reply.headers(headers), context.pageContext),
  });
  server.addHook("onRequest", ({ routeOptions: { url } }, reply, done) => {
    // By the matched route, because an address can be spelled in many ways.
    const isParticipantPage = url !== undefined && !/^\/(control|coding)/.test(url);
    reply.headers(isParticipantPage ? participants : headers);
    done();
  });
  addBasePath(server, base);
  await server.register(cookie);
  // The number of remaining requests would reveal how many others share the address.
  const noRateHeaders = {
    "x-ratelimit-limit": false,
    "x-ratelimit-remaining": false,
    "x-ratelimit-reset": false,
  };
  await server.register(rateLimit, {
    max: rate,
    timeWindow: "1 minute",
    keyGenerator: rateLimitKey(
      proxy,
      (request) => secretOf(request, context),
      once(() => context.effects.warn(noAddressWarning)),
    ),
    addHeaders: noRateHeaders,
    addHeadersOnExceeding: noRateHeaders,
  });
  // Only forms are posted here.
  server.removeAllContentTypeParsers();
  await server.register(formbody);
  serveAssets(server, Object.values(surveyAssets));
  const limits = [...context.materials.forms.values()].flatMap(({ conditions = [] }) =>
    conditions.flatMap(({ seconds }) => seconds ?? []),
  );
  for (const seconds of new Set(limits)) {
    server.get(timeLimitAddress(seconds), { config: { rateLimit: false } }, (_, reply) => {
      reply.type("text/css; charset=utf-8").send(timeLimitStyle(seconds));
    });
  }
  controlRoutes(
    server,
    context,
    monitorOf({
      ...context,
      forms: [...context.materials.forms.keys()],
      stimuli: context.materials.stimuli,
      makeCoderLink: (signingKey, asked) => makeCoderLink(context.study, signingKey, asked),
    }),
  );
  server.register(async (coding) => codingRoutes(coding, context));
  rehearsalRoutes(server, () => context);
  participantRoutes(server, context);
  questionRoutes(server, context);
  errorHandlers(server, context);
  return server;
}

const noAddressWarning =
  "the proxy does not send the client's address (X-Forwarded-For): survey.rate is counted for each browser by its cookie, and together for all browsers without one; make the proxy send the header";

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}
