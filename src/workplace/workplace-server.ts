import { hostname } from "node:os";
import { resolve } from "node:path";
import cookie from "@fastify/cookie";
import formbody from "@fastify/formbody";
import rateLimit from "@fastify/rate-limit";
import { type FastifyInstance, type FastifyRequest, fastify } from "fastify";
import { formFields } from "../survey/browser-session.ts";
import { equalSecrets, hmac, randomId } from "../survey/ids.ts";
import { alertBox } from "../survey/page.ts";
import { readStudyMaterials } from "../survey/study-materials.ts";
import { sendPage } from "../survey/survey-context.ts";
import { html } from "../text/html.ts";
import type { Effects } from "../workbench/effects.ts";
import { messageOf, StudyError } from "../workbench/errors.ts";
import { exists } from "../workbench/files.ts";
import type { AnyStage } from "../workbench/stage.ts";
import { openStudy } from "../workbench/study.ts";
import { pageContextOf, surveyAssets } from "./app.ts";
import { serveAssets } from "./assets.ts";
import { JobRunner } from "./job.ts";
import { assets, errorLine, loginPage, workplacePage } from "./layout.ts";
import { pages } from "./pages.ts";
import { rehearsalRoutes } from "./rehearsal-routes.ts";
import { safeHeaders } from "./safe-headers.ts";
import type { Workplace } from "./workplace.ts";

const sessionLength = 12 * 3600_000;

export interface WorkplaceOptions {
  readonly folder: string;
  readonly stages: readonly AnyStage[];
  readonly summaries: Workplace["summaries"];
  readonly token: string;
  /** The address that the server listens on. */
  readonly host: string;
  /** The path of the program that runs stages. Default: the built one. */
  readonly program?: string;
}

/**
 * The server of the researcher's pages, not yet listening. It is another server than the participants': they share only
 * the style. A request needs the session cookie; one that changes something is a POST with a CSRF token from this server's
 * own pages. A request under another host name is refused, so that no site can reach it through its own name.
 */
export async function buildWorkplace(
  options: WorkplaceOptions,
  effects: Effects,
): Promise<{ readonly server: FastifyInstance; readonly workplace: Workplace }> {
  const { token, host, program } = options;
  const signingKey = randomId() + randomId();
  const workplace: Workplace = {
    folder: resolve(options.folder),
    stages: options.stages,
    summaries: options.summaries,
    effects,
    work: new JobRunner(effects, program),
    survey: new JobRunner(effects, program),
    signingKey,
    study: () => openStudy(workplace.folder),
    async mayChange() {
      if (isLoopback(host)) return true;
      return (await workplace.study().catch(() => undefined))?.config.workplace.network === true;
    },
    // The folder is part of it: a page of another study, left open in a second tab, changes nothing in this one.
    seal: (request) => hmac(signingKey, "form", sessionOf(request) ?? "", workplace.folder),
    async show(request, reply, { heading, body, status = 200, quiet }) {
      const study = await workplace.study().catch(() => undefined);
      const hasStudy = await exists(resolve(workplace.folder, "study.yaml"));
      const markup = workplacePage({
        heading,
        quiet,
        body,
        study: study?.config.title ?? (hasStudy ? "A study with an error in its settings" : "No study yet"),
        links: hasStudy ? pages : pages.filter(({ path }) => path === "/new"),
        current: request.url.split("?")[0]!,
        seal: workplace.seal(request),
      });
      return sendPage(reply, status, markup);
    },
  };

  const server = fastify({
    bodyLimit: 1024 * 1024,
    requestTimeout: 60_000,
    http: { headersTimeout: 10_000 },
    forceCloseConnections: true,
    logger: false,
    frameworkErrors: (_, __, reply) => sendPage(reply, 404, loginPage("This page does not exist.")),
  });
  const headers = {
    ...(await safeHeaders(false, { frameSrc: ["'self'"] })),
    // With the stricter `no-referrer`, browsers would send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
  };
  server.addHook("onRequest", (request, reply, done) => {
    reply.headers(headers);
    if (isOwnHost(request.headers.host ?? "", host)) done();
    else sendPage(reply, 421, loginPage("This server does not answer under this name."));
  });
  server.addHook("onRequest", (request, reply, done) => {
    if (request.method === "GET" || isSameOrigin(request)) done();
    else sendPage(reply, 403, loginPage("This form was sent by another site. Nothing was changed."));
  });
  await server.register(cookie);
  await server.register(rateLimit, { global: false });
  server.removeAllContentTypeParsers();
  await server.register(formbody);
  serveAssets(server, [...Object.values(assets), surveyAssets.script]);

  server.get("/login", (_, reply) => sendPage(reply, 200, loginPage("")));
  server.post("/login", { config: { rateLimit: { max: 10, timeWindow: "1 minute" } } }, (request, reply) => {
    const { token: given } = formFields(request);
    if (typeof given !== "string" || !equalSecrets(given.trim(), token))
      return sendPage(reply, 403, loginPage("This token is wrong."));
    const until = `${effects.now() + sessionLength}-${randomId()}`;
    reply.setCookie(cookieName(request), `${until}.${hmac(signingKey, "session", until)}`, {
      path: "/",
      httpOnly: true,
      sameSite: "strict",
      maxAge: sessionLength / 1000,
    });
    return reply.redirect("/", 303);
  });

  server.register(async (inside) => {
    inside.addHook("onRequest", async (request, reply) => {
      if (!sessionOf(request)) return reply.redirect("/login", 303);
    });
    inside.addHook("preHandler", async (request, reply) => {
      if (request.method === "GET") return;
      const { seal } = formFields(request);
      if (typeof seal !== "string" || !equalSecrets(seal, workplace.seal(request)))
        return workplace.show(request, reply, {
          heading: "Nothing was changed",
          body: alertBox(
            "This page was open too long, or belongs to another study. Load it again, then repeat.",
          ),
          status: 403,
        });
    });
    // Errors in the study's files are shown to the researcher, who can fix them.
    inside.setErrorHandler(async (error, request, reply) => {
      if (error instanceof StudyError) {
        const settings = /^study\.yaml/.test(error.message);
        const body = html`${alertBox(errorLine(error))}${settings && html`<p><a href="/settings/text">Open the settings as text</a></p>`}`;
        return workplace.show(request, reply, { heading: "This page cannot be shown", body, status: 503 });
      }
      const status = (error as { statusCode?: number }).statusCode ?? 500;
      if (status >= 500) effects.warn(`a page failed: ${messageOf(error)}`);
      const text =
        status === 413
          ? "This is too large."
          : status < 500
            ? "This request is not valid."
            : `It failed: ${messageOf(error)}`;
      return workplace.show(request, reply, { heading: "That did not work", body: alertBox(text), status });
    });
    inside.setNotFoundHandler(async (request, reply) =>
      sessionOf(request)
        ? workplace.show(request, reply, {
            heading: "Page not found",
            body: html`<p>There is no page ${request.url.split("?")[0]}. <a href="/">To the start</a></p>`,
            status: 404,
          })
        : reply.redirect("/login", 303),
    );

    inside.post("/logout", (request, reply) =>
      reply.clearCookie(cookieName(request), { path: "/" }).redirect("/login", 303),
    );
    for (const page of pages) {
      inside.get(page.path, async (request, reply) => {
        // Without a study there is one thing to do.
        if (page.path !== "/new" && !(await exists(resolve(workplace.folder, "study.yaml"))))
          return reply.redirect("/new", 303);
        const { title: heading, quiet = false } = page;
        return workplace.show(request, reply, { heading, quiet, body: await page.body(request, workplace) });
      });
      for (const { method, path, changes = method === "POST", bodyLimit, handle } of page.actions ?? []) {
        inside.route({
          method,
          url: path,
          ...(bodyLimit !== undefined && { bodyLimit }),
          handler: async (request, reply) => {
            if (changes && !(await workplace.mayChange()))
              return workplace.show(request, reply, {
                heading: "Nothing was changed",
                body: alertBox(overNetwork),
                status: 403,
              });
            return handle(request, reply, workplace);
          },
        });
      }
      page.routes?.(inside, workplace);
    }
  });
  // Participants' pages to be tried out. Nothing is stored, so their forms have no token of the session.
  const framed = {
    ...(await safeHeaders(false, { frameAncestors: ["'self'"] })),
    "referrer-policy": "same-origin",
  };
  server.register(async (rehearsal) => {
    rehearsal.addHook("onRequest", async (request, reply) => {
      reply.headers(framed);
      if (!sessionOf(request)) return reply.redirect("/login", 303);
    });
    rehearsalRoutes(rehearsal, async () => {
      const study = await workplace.study();
      const materials = await readStudyMaterials(study);
      return { study, materials, pageContext: pageContextOf(study, materials), signingKey };
    });
  });
  server.setErrorHandler(async (error, _, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    if (status >= 500) effects.warn(`a page failed: ${messageOf(error)}`);
    const text = status === 429 ? "Too many attempts. Wait a minute." : "That did not work.";
    return sendPage(reply, status, loginPage(text));
  });
  server.addHook("onClose", async () => {
    for (const runner of [workplace.work, workplace.survey]) {
      runner.stop();
      await runner.ended();
    }
  });

  /** The session of a logged-in researcher, until it expires. */
  function sessionOf(request: FastifyRequest): string | undefined {
    const [until = "", signature = ""] = (request.cookies[cookieName(request)] ?? "").split(".");
    const valid =
      /^\d{1,15}-[a-z2-7]{26}$/.test(until) &&
      equalSecrets(signature, hmac(signingKey, "session", until)) &&
      Number(until.split("-")[0]) > effects.now();
    return valid ? until : undefined;
  }

  return { server, workplace };
}

const overNetwork =
  "These pages are open to a network, so they only show the study. To allow changes too, set workplace.network: true in study.yaml on the machine itself.";

/** Browsers keep cookies by host, not by port: two workplaces on one machine need two names. */
const cookieName = (request: FastifyRequest): string =>
  `workplace-${/:(\d+)$/.exec(request.headers.host ?? "")?.[1] ?? "80"}`;

export const isLoopback = (host: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host);

/**
 * Whether a request is for this machine by its own name. A site can point its own name at this machine (DNS rebinding),
 * but neither a number nor the machine's name.
 */
export function isOwnHost(header: string, host: string): boolean {
  const name = header
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();
  if (isLoopback(name)) return true;
  if (isLoopback(host)) return false;
  return [host, hostname()].map((one) => one.toLowerCase()).includes(name) || /^[\d.]+$|:/.test(name);
}

/** Whether a form was sent by one of our own pages, as far as the browser says. */
function isSameOrigin({ headers, host }: FastifyRequest): boolean {
  const { origin } = headers;
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return false;
  return origin === undefined || /^https?:\/\/(.*)$/.exec(origin)?.[1] === host;
}
