import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { messageOf } from "../workbench/errors.ts";
import type { PageContext } from "./page.ts";
import { againPage, problemPage } from "./participant-pages.ts";
import { type SurveyContext, sendPage } from "./survey-context.ts";
import { fieldsOf, wantsJson } from "./browser-session.ts";

/** What a page may be asked to say when the script was told of a problem. */
const tellable = ["conflict", "kept", "stale", "missing", "wrong"];

export const alertText = ({ words }: PageContext, name: string): string =>
  words(name === "missing" || name === "wrong" ? `question.${name}` : `problem.${name}`);

/** What the script asks this page to say. */
export function told(request: FastifyRequest, setting: PageContext): string | undefined {
  const { told: name } = request.query as { told?: unknown };
  return typeof name === "string" && tellable.includes(name) ? alertText(setting, name) : undefined;
}

/** Tells of a problem in a page of its own, or tells the script where to go and what to say there. */
export function problem(
  request: FastifyRequest,
  reply: FastifyReply,
  setting: PageContext,
  { status, name, address }: { status: number; name: string; address: string },
): FastifyReply {
  if (wantsJson(request)) return reply.status(status).send({ next: `${address}?told=${name}` });
  const label = setting.words(name === "conflict" ? "problem.conflict.link" : "problem.stale.link");
  return sendPage(reply, status, problemPage(setting, alertText(setting, name), { label, address }));
}

/** There is no such page. The script is sent to the beginning, or it would send again what nobody takes. */
export function nowhere(reply: FastifyReply, setting: PageContext): FastifyReply {
  const address = setting.base || "/";
  if (wantsJson(reply.request)) return reply.status(404).send({ next: address });
  const way = { label: setting.words("problem.nowhere.link"), address };
  return sendPage(reply, 404, problemPage(setting, setting.words("problem.nowhere"), way));
}

/** What is told when there is no such page, or when a request fails. */
export function problemRoutes(server: FastifyInstance, { setting, effects }: SurveyContext): void {
  const { words } = setting;

  server.setNotFoundHandler((_, reply) => nowhere(reply, setting));

  server.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status === 429) return sendPage(reply, 429, problemPage(setting, words("problem.often")));
    if (status === 413) {
      // The script leaves what was written where it is, to be shortened.
      if (wantsJson(request)) return reply.status(413).send({ stay: words("problem.large") });
      return sendPage(reply, 413, problemPage(setting, words("problem.large")));
    }
    if (status < 500) {
      const onward = { label: words("problem.stale.link"), address: "/" };
      return sendPage(reply, status, problemPage(setting, words("problem.stale"), onward));
    }
    effects.warn(`a request failed: ${messageOf(error)}`);
    const again = Object.entries(fieldsOf(request)).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    );
    const address = request.url.split("?")[0]!;
    return sendPage(
      reply,
      503,
      request.method === "POST" && again.length > 0
        ? againPage(setting, address, Object.fromEntries(again))
        : problemPage(setting, words("problem.busy"), { label: words("problem.busy.link"), address }),
    );
  });
}
