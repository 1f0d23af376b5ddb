import type { FastifyInstance, FastifyRequest } from "fastify";
import pLimit from "p-limit";
import { type Codebook, readCodebook } from "../coding/codebook.ts";
import { writeCoder } from "../coding/codings.ts";
import type { Coding } from "../study/coding.ts";
import { equalSecrets, hmac } from "../survey/ids.ts";
import { type SurveyContext, sendPage } from "../survey/survey-context.ts";
import { normaliseText } from "../text/normalise.ts";
import { StudyError } from "../workbench/errors.ts";
import {
  type CodedText,
  CoderError,
  type CoderSession,
  coderFromToken,
  coderToken,
  codingsOf,
  InvalidCoderLink,
  textsFor,
} from "./coder-session.ts";
import { codedTextPage, coderErrorPage, coderPage, codingDonePage, fieldOf } from "./coding-pages.ts";
import { errorLine } from "./layout.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * The coders' pages: people code texts here instead of in a sheet. The texts and their order are those that
 * `tinylove code sheet` writes for the coder, and the file is the one that `tinylove code import` makes from it. A
 * coder's link opens only that coder's texts and codes.
 */
export async function codingRoutes(
  inside: FastifyInstance,
  { study, pageContext, signingKey, effects, base }: SurveyContext,
): Promise<void> {
  // One at a time, so that two tabs do not overwrite each other's codes.
  const oneAtATime = pLimit(1);
  const { proxy } = study.config.survey;

  // Coders see their own mistakes. Errors in the study's files may name other coders and paths on this machine: only
  // the researcher sees those.
  inside.setErrorHandler(async (error, _, reply) => {
    if (error instanceof CoderError)
      return sendPage(reply, error.status, coderErrorPage(pageContext, errorLine(error)));
    if (!(error instanceof StudyError)) throw error;
    effects.warn(`a coder's page failed: ${errorLine(error)}`);
    const line =
      "This page cannot be shown or saved right now. Your earlier codes are saved. Please tell the person who sent you the link";
    return sendPage(reply, 503, coderErrorPage(pageContext, line));
  });

  inside.get<{ Params: { token: string } }>("/coding/enter/:token", async ({ params: { token } }, reply) => {
    coderFromToken(signingKey, token);
    reply.setCookie(cookieName, token, {
      path: `${base}/coding`,
      httpOnly: true,
      sameSite: "lax",
      secure: proxy,
      maxAge: 90 * 24 * 3600,
    });
    return reply.redirect("/coding", 303);
  });

  inside.get("/coding", async (request, reply) => {
    const coder = sessionOf(request);
    const [{ instructions }, texts] = [await readCodebook(study), await textsFor(study, coder)];
    const next = nextAddress(0, texts, await codingsOf(study, coder));
    const { name } = coder;
    return sendPage(reply, 200, coderPage(pageContext, { name, count: texts.length, instructions, next }));
  });

  inside.get("/coding/thanks", async (request, reply) => {
    const coder = sessionOf(request);
    const texts = await textsFor(study, coder);
    const coded = codedTexts(await codingsOf(study, coder));
    const without = texts.filter(({ id }) => !coded.has(id)).length;
    return sendPage(reply, 200, codingDonePage(pageContext, { count: texts.length, without }));
  });

  inside.get<{ Params: { position: string } }>("/coding/:position", async (request, reply) => {
    const coder = sessionOf(request);
    const texts = await textsFor(study, coder);
    const position = Number(request.params.position);
    const text = texts[position - 1];
    if (!text) return reply.callNotFound();
    const own = (await codingsOf(study, coder)).filter((coding) => coding.text === text.id);
    return sendPage(
      reply,
      200,
      codedTextPage(pageContext, {
        position,
        count: texts.length,
        seal: csrfTokenOf(coder),
        item: itemOf(coder, text.id),
        title: normaliseText(text.title),
        text: normaliseText(text.text),
        codebook: await readCodebook(study),
        given: new Map(own.map(({ variable, code }) => [variable, code])),
      }),
    );
  });

  inside.post("/coding/:position", async (request, reply) => {
    const coder = sessionOf(request);
    const fields = (request.body ?? {}) as Fields;
    if (typeof fields["seal"] !== "string" || !equalSecrets(fields["seal"], csrfTokenOf(coder)))
      throw new InvalidCoderLink();
    const texts = await textsFor(study, coder);
    // The form names its text, because positions change when the corpus grows.
    const at = texts.findIndex(({ id }) => itemOf(coder, id) === fields["item"]);
    const text = texts[at];
    if (!text)
      throw new CoderError("this text is not one of those to code", { hint: "open your link again" });
    const codebook = await readCodebook(study);
    const given = parseCodes(codebook, fields, text.id);
    const codings = await oneAtATime(async () => {
      const all = withCodes(await codingsOf(study, coder), given, text.id, codebook);
      const ordered = sortedByText(all, texts);
      await writeCoder(study, { name: coder.file, kind: "people", codings: ordered });
      return ordered;
    });
    return reply.redirect(nextAddress(at + 1, texts, codings), 303);
  });

  const sessionOf = (request: FastifyRequest) =>
    coderFromToken(signingKey, request.cookies[cookieName] ?? "");

  const csrfTokenOf = (coder: CoderSession) => hmac(signingKey, "coder form", coderToken(signingKey, coder));

  /** A keyed hash, which reveals nothing about the text. */
  const itemOf = ({ file }: CoderSession, text: string) => hmac(signingKey, "coded text", file, text);
}

const cookieName = "coder";

/** The next page: the first text after `position` without a code, or the thanks. */
function nextAddress(position: number, texts: readonly CodedText[], codings: readonly Coding[]): string {
  const coded = codedTexts(codings);
  const next = texts.findIndex(({ id }, at) => at >= position && !coded.has(id));
  return `/coding/${next < 0 ? "thanks" : next + 1}`;
}

const codedTexts = (codings: readonly Coding[]): ReadonlySet<string> =>
  new Set(codings.map(({ text }) => text));

/** The codes in a posted form; no choice means that the coder passes. Throws for a code that is not in the codebook. */
const parseCodes = ({ variables }: Codebook, fields: Fields, text: string): Coding[] =>
  variables.flatMap(({ name, codes }): Coding[] => {
    const given = fields[fieldOf(name)] ?? "";
    if (given === "") return [];
    if (codes.some(({ code }) => code === given)) {
      return [{ text, variable: name, code: String(given), kind: "people" }];
    }
    throw new CoderError(`${name}: unknown code ${String(given).slice(0, 60)}`, {
      hint: `try ${codes.map(({ code }) => code).join(", ")}`,
    });
  });

/** Replaces the codes of one text. Codes of variables that the codebook no longer has stay. */
function withCodes(
  codings: readonly Coding[],
  given: readonly Coding[],
  text: string,
  { variables }: Codebook,
): readonly Coding[] {
  const current = new Set(variables.map(({ name }) => name));
  return [...codings.filter((coding) => coding.text !== text || !current.has(coding.variable)), ...given];
}

/** Codings in the order of the texts, as in an imported sheet; those of other texts come first. */
function sortedByText(codings: readonly Coding[], texts: readonly CodedText[]): Coding[] {
  const positions = new Map(texts.map(({ id }, at) => [id, at]));
  const positionOf = ({ text }: Coding) => positions.get(text) ?? -1;
  return [...codings].sort((one, other) => positionOf(one) - positionOf(other));
}
