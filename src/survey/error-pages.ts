import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { messageOf } from "../workbench/errors.ts";
import { formFields, wantsJson } from "./browser-session.ts";
import type { PageContext } from "./page.ts";
import type { Refused } from "./parse-response.ts";
import { problemPage, retryPage } from "./participant-pages.ts";
import { type SurveyContext, sendPage } from "./survey-context.ts";

/** The alerts that an address may ask a page to show. */
const alertNames = ["conflict", "kept", "stale", "missing", "wrong"];

/** What to do about a page that was refused; on a page with several questions with the question. */
export function refusalText({ words }: PageContext, { refused, ask, least = 0 }: Refused): string {
  const text = words(`question.${refused}`, { least });
  return ask === undefined ? text : `${text} ${words("question.which", { ask })}`;
}

export const alertText = ({ words }: PageContext, name: string): string =>
  words(name === "missing" || name === "wrong" ? `question.${name}` : `problem.${name}`);

/** The alert that the address asks this page to show (`?alert=kept`). */
export function alertFromQuery(request: FastifyRequest, pageContext: PageContext): string | undefined {
  const { alert: name } = request.query as { alert?: unknown };
  return typeof name === "string" && alertNames.includes(name) ? alertText(pageContext, name) : undefined;
}

/** Reports a problem: on a separate page, or for the script by the address of the page that shows it. */
export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  pageContext: PageContext,
  { status, name, address }: { status: number; name: string; address: string },
): FastifyReply {
  if (wantsJson(request)) return reply.status(status).send({ next: `${address}?alert=${name}` });
  const label = pageContext.words(name === "conflict" ? "problem.conflict.link" : "problem.stale.link");
  return sendPage(reply, status, problemPage(pageContext, alertText(pageContext, name), { label, address }));
}

/** There is no such page. The script is sent to the start; otherwise it would keep sending an answer that nothing accepts. */
export function sendNotFound(reply: FastifyReply, pageContext: PageContext): FastifyReply {
  const address = pageContext.base || "/";
  if (wantsJson(reply.request)) return reply.status(404).send({ next: address });
  const link = { label: pageContext.words("problem.nowhere.link"), address };
  return sendPage(
    reply,
    404,
    problemPage(
      pageContext,
      pageContext.words("problem.nowhere"),
      link,
      pageContext.words("problem.nowhere.heading"),
    ),
  );
}

/** The pages for unknown addresses and for failed requests. */
export function errorHandlers(server: FastifyInstance, { pageContext, effects }: SurveyContext): void {
  const { words } = pageContext;

  server.setNotFoundHandler((_, reply) => sendNotFound(reply, pageContext));

  server.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status === 429) return sendPage(reply, 429, problemPage(pageContext, words("problem.often")));
    if (status === 413) {
      // The script leaves the text on the page, so that it can be shortened.
      if (wantsJson(request)) return reply.status(413).send({ stay: words("problem.large") });
      return sendPage(reply, 413, problemPage(pageContext, words("problem.large")));
    }
    if (status < 500) {
      const link = { label: words("problem.stale.link"), address: "/" };
      return sendPage(reply, status, problemPage(pageContext, words("problem.stale"), link));
    }
    effects.warn(`a request failed: ${messageOf(error)}`);
    const postedFields = Object.entries(formFields(request)).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    );
    const address = request.url.split("?")[0]!;
    return sendPage(
      reply,
      503,
      request.method === "POST" && postedFields.length > 0
        ? retryPage(pageContext, address, Object.fromEntries(postedFields))
        : problemPage(pageContext, words("problem.busy"), { label: words("problem.busy.link"), address }),
    );
  });
}
