import type { FastifyReply, FastifyRequest } from "fastify";
import { readCoders } from "../../coding/codings.ts";
import { TextSet, textSetOf } from "../../coding/text-sets.ts";
import { alertBox } from "../../survey/page.ts";
import { type Html, html } from "../../text/html.ts";
import { factorialFile } from "../../workbench/artefacts.ts";
import { StudyError } from "../../workbench/errors.ts";
import { exists } from "../../workbench/files.ts";
import { errorLine, sealField, table } from "../layout.ts";
import { publicAddress, runningSurvey, withSurvey } from "../survey-link.ts";
import { field, type Workplace, type WorkplacePage } from "../workplace.ts";

/** Makes a link for each coder and shows how many texts each has coded. */
export const codersPage: WorkplacePage = {
  path: "/coders",
  title: "Coding",
  body: (request, workplace) => codersView(request, workplace, html``),
  actions: [{ method: "POST", path: "/coders", handle: makeLink }],
};

async function makeLink(
  request: FastifyRequest,
  reply: FastifyReply,
  workplace: Workplace,
): Promise<FastifyReply> {
  const show = async (notice: Html, status: number) =>
    workplace.show(request, reply, {
      heading: codersPage.title,
      body: await codersView(request, workplace, notice),
      status,
    });
  try {
    const study = await workplace.study();
    const asked = Object.fromEntries(
      ["coder", "count", "text_set"].map((name) => [name, field(request, name, "body")]),
    );
    const link = await withSurvey(study, workplace.effects, (access) => access.coderLink(asked), {
      make: true,
    });
    const { name, textSet, count, path } = link!;
    const running = await runningSurvey(study);
    const address = publicAddress(study, running?.url) + path;
    return await show(
      html`<section class="next"><h2>The link for ${name}</h2>
<p>For ${count} ${count === 1 ? "text" : "texts"} of ${textSetNames[TextSet.parse(textSet)]}. Send it to ${name} only. It works while the survey is open${running ? "" : html`, which it is not now: <a href="/survey">open it</a>`}.</p>
<p><a href="${address}">${address}</a></p></section>`,
      200,
    );
  } catch (error) {
    if (!(error instanceof StudyError)) throw error;
    return show(alertBox(errorLine(error)), 400);
  }
}

/** The form that makes a link, below the notice, and the texts coded so far. */
async function codersView(request: FastifyRequest, workplace: Workplace, notice: Html): Promise<Html> {
  const study = await workplace.study();
  const people = (await readCoders(study)).filter(({ kind }) => kind === "people");
  const textSets = (await exists(study.path(factorialFile))) ? TextSet.options : [];
  return html`
${notice}
<p>At least two people should code kind of love, tone and setting, independently and without being told who wrote a
text. Coders should not have looked at the stories here.</p>
<p>Each coder gets a personal link, which opens that coder’s own codes and nothing else. The same name always gets the
same texts in the same order.</p>
<form method="post" action="/coders" class="narrow">
${sealField(workplace.seal(request))}
<label>The coder’s name: letters, digits, - and _
<input type="text" name="coder" maxlength="40" autocomplete="off" autocapitalize="none" spellcheck="false" required></label>
<label>How many texts: the same number for every coder; leave empty for all
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
  html`<section>${table(
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
