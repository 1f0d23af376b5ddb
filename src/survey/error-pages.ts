import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { messageOf } from "../workbench/errors.ts";
import { formFields, wantsJson } from "./browser-session.ts";
import type { PageContext } from "./page.ts";
import { problemPage, retryPage } from "./participant-pages.ts";
import { type SurveyContext, sendPage } from "./survey-context.ts";

/** What a page may be asked to say when the script was told of a problem. */
const alertNames = ["conflict", "kept", "stale", "missing", "wrong"];

export const alertText = ({ words }: PageContext, name: string): string =>
  words(name === "missing" || name === "wrong" ? `question.${name}` : `problem.${name}`);

/** What the script asks this page to say. */
export function alertFromQuery(request: FastifyRequest, pageContext: PageContext): string | undefined {
  const { told: name } = request.query as { told?: unknown };
  return typeof name === "string" && alertNames.includes(name) ? alertText(pageContext, name) : undefined;
}

/** Tells of a problem in a page of its own, or tells the script where to go and what to say there. */
export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  pageContext: PageContext,
  { status, name, address }: { status: number; name: string; address: string },
): FastifyReply {
  if (wantsJson(request)) return reply.status(status).send({ next: `${address}?told=${name}` });
  const label = pageContext.words(name === "conflict" ? "problem.conflict.link" : "problem.stale.link");
  return sendPage(reply, status, problemPage(pageContext, alertText(pageContext, name), { label, address }));
}

/** There is no such page. The script is sent to the beginning, or it would send again what nobody takes. */
export function sendNotFound(reply: FastifyReply, pageContext: PageContext): FastifyReply {
  const address = pageContext.base || "/";
  if (wantsJson(reply.request)) return reply.status(404).send({ next: address });
  const way = { label: pageContext.words("problem.nowhere.link"), address };
  return sendPage(reply, 404, problemPage(pageContext, pageContext.words("problem.nowhere"), way));
}

/** What is told when there is no such page, or when a request fails. */
export function errorHandlers(server: FastifyInstance, { pageContext, effects }: SurveyContext): void {
  const { words } = pageContext;

  server.setNotFoundHandler((_, reply) => sendNotFound(reply, pageContext));

  server.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status === 429) return sendPage(reply, 429, problemPage(pageContext, words("problem.often")));
    if (status === 413) {
      // The script leaves what was written where it is, to be shortened.
      if (wantsJson(request)) return reply.status(413).send({ stay: words("problem.large") });
      return sendPage(reply, 413, problemPage(pageContext, words("problem.large")));
    }
    if (status < 500) {
      const onward = { label: words("problem.stale.link"), address: "/" };
      return sendPage(reply, status, problemPage(pageContext, words("problem.stale"), onward));
    }
    effects.warn(`a request failed: ${messageOf(error)}`);
    const again = Object.entries(formFields(request)).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    );
    const address = request.url.split("?")[0]!;
    return sendPage(
      reply,
      503,
      request.method === "POST" && again.length > 0
        ? retryPage(pageContext, address, Object.fromEntries(again))
        : problemPage(pageContext, words("problem.busy"), { label: words("problem.busy.link"), address }),
    );
  });
}
