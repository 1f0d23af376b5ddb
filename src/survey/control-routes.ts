import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { StudyError } from "../workbench/errors.ts";
import { formFields } from "./browser-session.ts";
import { equalSecrets } from "./ids.ts";
import type { SurveyContext } from "./survey-context.ts";
import type { SurveyAccess } from "./survey-monitor.ts";
import { withdrawParticipant } from "./withdraw-participant.ts";

/** The most personal links that are made at once. */
const mostInvitations = 10_000;

/**
 * The requests of other commands of the same user: `backup`, `withdraw`, and the researcher's pages. Each needs the token in
 * `.tinylove/serve.json`, which only this user can read, and comes from this machine; else there is no such page. There is nothing for browsers here.
 */
export function controlRoutes(server: FastifyInstance, context: SurveyContext, monitor: SurveyAccess): void {
  const { store, effects, token } = context;
  const answers: Readonly<Record<string, (fields: Record<string, string>, reply: FastifyReply) => unknown>> =
    {
      status: () => monitor.status(),
      comments: () => monitor.comments(),
      person: ({ id = "" }) => monitor.person(id),
      pause: async ({ paused }) => {
        await monitor.setPaused(paused === "yes");
        return { paused: paused === "yes" };
      },
      look: () => monitor.look(),
      invitations: ({ count = "" }) =>
        monitor.invitations(/^\d{1,5}$/.test(count) ? Math.min(mostInvitations, Number(count)) : 0),
      backup: async (_, reply) => {
        reply.type("application/octet-stream");
        return context.backup();
      },
      withdraw: async ({ who = "" }) => {
        const done = await withdrawParticipant(store, who, effects.now());
        if (done) await context.onWithdrawal();
        return done;
      },
      coder: (asked) => monitor.coderLink(asked),
    };

  server.post<{ Params: { verb: string } }>(
    "/control/:verb",
    { config: { rateLimit: false } },
    async (request, reply) => {
      const { authorization } = request.headers;
      const answer = Object.hasOwn(answers, request.params.verb) ? answers[request.params.verb] : undefined;
      if (
        !answer ||
        !isFromThisMachine(request) ||
        !authorization ||
        !equalSecrets(authorization, `Bearer ${token}`)
      )
        return reply.callNotFound();
      try {
        const done = await answer(textFields(request), reply);
        return done === undefined ? reply.status(404).send() : reply.send(done);
      } catch (thrown) {
        if (!(thrown instanceof StudyError)) throw thrown;
        return reply.status(400).send({ message: thrown.message, hint: thrown.hint });
      }
    },
  );
}

/** Whether a request was made on this machine, and not passed on by a proxy. */
function isFromThisMachine({ headers, raw: { socket } }: FastifyRequest): boolean {
  const from = socket.remoteAddress?.replace(/^::ffff:/, "");
  const isOwn = from === "::1" || from?.startsWith("127.") || socket.remoteAddress === socket.localAddress;
  return isOwn === true && headers["x-forwarded-for"] === undefined;
}

const textFields = (request: FastifyRequest): Record<string, string> =>
  Object.fromEntries(
    Object.entries(formFields(request)).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );
