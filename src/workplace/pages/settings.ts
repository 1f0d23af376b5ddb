import { join } from "node:path";
import type { FastifyReply, FastifyRequest } from "fastify";
import { formFields } from "../../survey/browser-session.ts";
import { alertBox } from "../../survey/page.ts";
import { type Html, html } from "../../text/html.ts";
import { editedSettings } from "../../workbench/edit-settings.ts";
import { StudyError } from "../../workbench/errors.ts";
import { readText, writeWhole } from "../../workbench/files.ts";
import { parseConfig } from "../../workbench/study.ts";
import { estimateOf } from "../estimate.ts";
import { errorLine, sealField } from "../layout.ts";
import { allSettings, changesIn, fieldName, settingFields, valuesOf } from "../settings-form.ts";
import { field, type Workplace, type WorkplacePage } from "../workplace.ts";

/** All settings of study.yaml as a form, and the file as text. */
export const settingsPage: WorkplacePage = {
  path: "/settings",
  title: "Settings",
  async body(request, workplace) {
    const text = await settingsText(workplace);
    return formView(request, workplace, { text, values: valuesOf(text), notice: savedNotice(request) });
  },
  actions: [
    { method: "POST", path: "/settings", handle: save },
    {
      method: "GET",
      path: "/settings/text",
      handle: async (request, reply, workplace) => {
        const text = await settingsText(workplace);
        return textView(request, reply, workplace, { text, base: text, notice: savedNotice(request) });
      },
    },
    { method: "POST", path: "/settings/text", handle: saveText },
  ],
};

const settingsText = ({ folder }: Workplace): Promise<string> => readText(join(folder, "study.yaml"));

const savedNotice = (request: FastifyRequest): Html =>
  field(request, "saved") === "yes"
    ? html`<p class="next" role="status">Saved in study.yaml. <a href="/">Home</a> shows what has to run again.</p>`
    : html``;

interface View {
  readonly text: string;
  readonly values: ReadonlyMap<string, string>;
  readonly notice: Html;
  /** The path of the setting that an error names. */
  readonly wrong?: string | undefined;
}

async function formView(
  request: FastifyRequest,
  workplace: Workplace,
  { text, values, notice, wrong }: View,
): Promise<Html> {
  const showsRehearsal = field(request, "with") === "rehearsal";
  return html`${notice}
<p class="row"><label>Find a setting<input type="search" data-find></label>
<a class="button small" href="/settings/text">Edit study.yaml as text</a>
<a class="button small" href="${showsRehearsal ? "/settings" : "/settings?with=rehearsal"}">${showsRehearsal ? "Hide the rehearsal" : "Show the rehearsal next to it"}</a></p>
${await estimateOf(workplace)}
<div class="${showsRehearsal && "halves"}"><form method="post" action="/settings">${sealField(workplace.seal(request))}
<input type="hidden" name="base" value="${Buffer.from(text).toString("base64")}">
${settingFields(text, values, wrong)}
<p class="row"><button>Save</button><span class="soft">Only what you changed is written; comments in the file stay.</span></p></form>
${showsRehearsal && html`<div><h2>Rehearsal</h2><p class="soft">As the forms are now; after a change of compose, run it again.</p><iframe src="/rehearsal/first" title="Rehearsal of the survey"></iframe></div>`}</div>`;
}

/** The text of the file when the form was made. */
const baseIn = (request: FastifyRequest): string =>
  Buffer.from(field(request, "base", "body"), "base64").toString("utf8");

async function save(
  request: FastifyRequest,
  reply: FastifyReply,
  workplace: Workplace,
): Promise<FastifyReply> {
  const fields = formFields(request);
  const now = await settingsText(workplace);
  const changes = changesIn(fields, baseIn(request));
  const typed = new Map(
    changes.map(({ path }) => [fieldName({ path }), String(fields[fieldName({ path })])]),
  );
  const again = async (status: number, notice: Html, wrong?: string) =>
    workplace.show(request, reply, {
      heading: settingsPage.title,
      body: await formView(request, workplace, {
        text: now,
        values: new Map([...valuesOf(now), ...typed]),
        notice,
        wrong,
      }),
      status,
    });
  if (now !== baseIn(request))
    return again(
      409,
      alertBox(
        `study.yaml was changed elsewhere after this page was opened. Nothing is saved yet: below is the file as it is now${changes.length > 0 ? `, with your changes filled in (${changes.map(({ path }) => path.join(".")).join(", ")})` : ""}. Look at it, then save again.`,
      ),
    );
  if (changes.length === 0) return reply.redirect("/settings", 303);
  try {
    const text = editedSettings(now, changes);
    parseConfig(text, "study.yaml");
    await writeWhole(join(workplace.folder, "study.yaml"), text);
  } catch (thrown) {
    if (!(thrown instanceof StudyError)) throw thrown;
    return again(400, alertBox(errorLine(thrown)), settingIn(thrown.message));
  }
  return reply.redirect("/settings?saved=yes", 303);
}

/** The setting that an error's message names: `study.yaml: compose.forms: ...`, `generate.models.0.address: ...`. */
const settingIn = (message: string): string | undefined =>
  /^(?:study\.yaml: )?(\w+(?:\.\w+)*):/.exec(message)?.[1];

async function saveText(
  request: FastifyRequest,
  reply: FastifyReply,
  workplace: Workplace,
): Promise<FastifyReply> {
  const text = field(request, "text", "body").replace(/\r\n?/g, "\n");
  const base = baseIn(request);
  const now = await settingsText(workplace);
  if (now !== base) {
    const notice = html`${alertBox("study.yaml was changed elsewhere after this page was opened. Nothing is saved yet. Below is your text; under it, the file as it is now.")}<details open><summary>The file as it is now</summary><pre tabindex="0">${now}</pre></details>`;
    return textView(request, reply, workplace, { text, base: now, notice, status: 409 });
  }
  try {
    parseConfig(text, "study.yaml");
  } catch (thrown) {
    if (!(thrown instanceof StudyError)) throw thrown;
    const notice = alertBox(errorLine(thrown));
    return textView(request, reply, workplace, { text, base, notice, status: 400 });
  }
  await writeWhole(join(workplace.folder, "study.yaml"), text);
  return reply.redirect("/settings/text?saved=yes", 303);
}

async function textView(
  request: FastifyRequest,
  reply: FastifyReply,
  workplace: Workplace,
  { text, base, notice, status = 200 }: { text: string; base: string; notice: Html; status?: number },
): Promise<FastifyReply> {
  const lines = text.split("\n").length;
  return workplace.show(request, reply, {
    heading: "study.yaml",
    status,
    body: html`${notice}<p class="row"><a class="button small" href="/settings">Back to the form</a><span class="soft">${allSettings().length} settings; ${lines} lines</span></p>
<form method="post" action="/settings/text">${sealField(workplace.seal(request))}
<input type="hidden" name="base" value="${Buffer.from(base).toString("base64")}">
<label>The file<textarea class="code" name="text" rows="${Math.min(45, lines + 2)}" spellcheck="false" wrap="off">${"\n"}${text}</textarea></label>
<button>Save</button></form>`,
  });
}
