import { readStudyMaterials } from "../../survey/study-materials.ts";
import { html } from "../../text/html.ts";
import { readKey } from "../../workbench/artefacts.ts";
import { table } from "../layout.ts";
import { rehearsalOf } from "../rehearsal-routes.ts";
import type { WorkplacePage } from "../workplace.ts";

/** The forms with their questions and origins, and a rehearsal of each. */
export const rehearsalPage: WorkplacePage = {
  path: "/rehearsal",
  title: "Rehearsal",
  async body(_, workplace) {
    const study = await workplace.study();
    const { forms, stimuli } = await readStudyMaterials(study);
    const key = await readKey(study);
    const signingKey = workplace.signingKey;
    return html`<p>A rehearsal shows a form as participants see it, from consent to thanks, with the questions in one of
their orders. Nothing is stored and nobody is counted.</p>
${[...forms.values()].map((form) => {
  const { address, plan } = rehearsalOf(form, { signingKey, study });
  const positionOf = (id: string) => plan.findIndex(({ question }) => question === id) + 1;
  return html`<section><h2>${form.id}</h2><p><a class="button small" href="${address}">Rehearse ${form.id}</a></p>
<details><summary>Its questions, with who wrote the stories</summary>
${table(
  form.id,
  ["question", "task", "stories", "origin"],
  form.questions.map(({ id, task, stimuli: shown }) => [
    html`<a href="${address}/q/${positionOf(id)}">${positionOf(id)}</a>`,
    task,
    [...new Set(shown.map((stimulus) => stimuli.get(stimulus)?.title ?? stimulus))].join(" / "),
    shown.map((stimulus) => key.get(stimulus)?.origin ?? "?").join(" / "),
  ]),
)}</details></section>`;
})}`;
  },
  actions: [
    {
      method: "GET",
      path: "/rehearsal/first",
      async handle(_, reply, { study: open, signingKey }) {
        const study = await open();
        const [form] = (await readStudyMaterials(study)).forms.values();
        return reply.redirect(rehearsalOf(form!, { signingKey, study }).address, 303);
      },
    },
  ],
};
