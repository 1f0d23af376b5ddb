import { html } from "../../text/html.ts";
import { readKey } from "../../workbench/artefacts.ts";
import { table } from "../page-layout.ts";
import { rehearsalOf } from "../rehearsal-routes.ts";
import type { WorkplacePage } from "../workplace-page.ts";

/** The questions of each form with their origins, and a link to rehearse it. */
export const formsPage: WorkplacePage = {
  path: "/study/forms",
  title: "Forms",
  async body(_, context) {
    const { study, materials } = context;
    const key = await readKey(study);
    const forms = [...materials.forms.values()].map((form) => {
      const rehearsal = rehearsalOf(form, context);
      const positionOf = (id: string) => rehearsal.plan.findIndex(({ question }) => question === id) + 1;
      return html`<p><a href="${rehearsal.address}">Rehearse ${form.id}</a></p>
${table(
  form.id,
  ["question", "task", "texts", "origin"],
  form.questions.map(({ id, task, stimuli }, at) => [
    html`<a href="${rehearsal.address}/q/${positionOf(id)}">${at + 1}</a>`,
    task,
    [...new Set(stimuli.map((stimulus) => materials.stimuli.get(stimulus)?.title ?? stimulus))].join(" / "),
    stimuli.map((stimulus) => key.get(stimulus)?.origin ?? "?").join(" / "),
  ]),
)}`;
    });
    return html`<p>A rehearsal shows a form as participants see it, from consent to thanks, with the questions in one of
their orders. Nothing is stored and nobody is counted. You may pass the link on: it opens that form and nothing else.</p>${forms}`;
  },
};
