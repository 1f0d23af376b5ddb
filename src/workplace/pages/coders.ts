import type { FastifyReply, FastifyRequest } from "fastify";
import { readCoders } from "../../coding/codings.ts";
import { coderInTextSet, TextSet, textSetOf } from "../../coding/text-sets.ts";
import { cuesCoder } from "../../study/coding.ts";
import { alertBox } from "../../survey/page.ts";
import { type Html, html } from "../../text/html.ts";
import { factorialFile } from "../../workbench/artefacts.ts";
import { StudyError } from "../../workbench/errors.ts";
import { exists } from "../../workbench/files.ts";
import { coderToken, codingsOf, textsFor } from "../coder-session.ts";
import { errorLine, table } from "../page-layout.ts";
import type { WorkplaceContext, WorkplacePage } from "../workplace-page.ts";

/** Makes a link for each coder and shows how many texts each has coded. */
export const codersPage: WorkplacePage = {
  path: "/study/coding",
  title: "Coding",
  body: (request, context) => codersView(request, context, html``),
  actions: [{ method: "POST", path: "/study/coding", handle: makeLink }],
};

type Fields = Readonly<Record<string, unknown>>;

async function makeLink(
  request: FastifyRequest,
  reply: FastifyReply,
  context: WorkplaceContext,
): Promise<FastifyReply> {
  const show = async (notice: Html, status: number) =>
    context.show(request, reply, {
      heading: codersPage.title,
      body: await codersView(request, context, notice),
      status,
    });
  try {
    const { study, signingKey, base } = context;
    const { coder, count, text_set: chosen } = request.body as Fields;
    const textSet = TextSet.catch("study").parse(chosen);
    const name = parseCoderName(String(coder ?? "").trim());
    const wanted = String(count ?? "").trim();
    const all = { name, textSet, file: coderInTextSet(name, textSet), count: Number.POSITIVE_INFINITY };
    // Throws if the name belongs to a model.
    await codingsOf(study, all);
    const texts = await textsFor(study, { ...all, ...(wanted !== "" && { count: parseCount(wanted) }) });
    const path = `/coding/enter/${coderToken(signingKey, { name, textSet, count: texts.length })}`;
    const address = `${request.protocol}://${request.host}${base}${path}`;
    return await show(linkNotice(name, textSet, texts.length, address), 200);
  } catch (error) {
    if (!(error instanceof StudyError)) throw error;
    return show(alertBox(errorLine(error)), 400);
  }
}

const linkNotice = (name: string, textSet: TextSet, count: number, address: string): Html =>
  html`<section class="made"><h2>The link for ${name}</h2>
<p>For ${count} ${count === 1 ? "text" : "texts"} of ${textSetNames[textSet]}. Send it to ${name} only.</p>
<p><a href="${address}">${address}</a></p></section>`;

/** The form that makes a link, below the notice, and the texts coded so far. */
async function codersView(
  request: FastifyRequest,
  { study, seal }: WorkplaceContext,
  notice: Html,
): Promise<Html> {
  const people = (await readCoders(study)).filter(({ kind }) => kind === "people");
  const textSets = (await exists(study.path(factorialFile))) ? TextSet.options : [];
  return html`
${notice}
<p>At least two people should code kind of love, tone and setting, independently and without being told who wrote a
text. Coders should not have looked at the corpus, generations and stimuli here.</p>
<p>Each coder gets a personal link, which opens that coder’s own codes and nothing else. The same name always gets the
same texts in the same order.</p>
<form method="post" action="/study/coding">
<input type="hidden" name="seal" value="${seal(request)}">
<label class="reason">The coder’s name: letters, digits, - and _
<input type="text" name="coder" maxlength="40" autocomplete="off" autocapitalize="none" spellcheck="false" required></label>
<label class="reason">How many texts: the same number for every coder; leave empty for all
<input type="number" name="count" min="1"></label>
${
  textSets.length > 0 &&
  html`<fieldset class="choice small"><legend>Texts of</legend>
${textSets.map((textSet, at) => html`<label><input type="radio" name="text_set" value="${textSet}"${at === 0 && html` checked`}><span>${textSetNames[textSet]}</span></label>`)}
</fieldset>`
}
<button>Make the link</button>
</form>
${
  people.length > 0 &&
  html`<section class="aside">${table(
    "Coded so far",
    ["coder", "texts of", "coded"],
    people.map(({ name: file, codings }) => {
      const { name, textSet } = textSetOf(file);
      return [name, textSetNames[textSet], new Set(codings.map(({ text }) => text)).size];
    }),
  )}</section>`
}`;
}

const textSetNames: Record<TextSet, string> = {
  study: "the study",
  factorial: "the factorial, with the stories behind them",
};

function parseCoderName(name: string): string {
  if (name.toLowerCase() === cuesCoder) {
    throw new StudyError(`coder ${name}: this name is reserved for the cue words`, {
      hint: "choose another name",
    });
  }
  return name.length > 80 ? `${name.slice(0, 80)}…` : name;
}

function parseCount(given: string): number {
  if (/^[1-9]\d{0,6}$/.test(given)) return Number(given);
  throw new StudyError(`${given.slice(0, 20)}: not a number of texts`, {
    hint: "try 60, or leave it empty for all",
  });
}
