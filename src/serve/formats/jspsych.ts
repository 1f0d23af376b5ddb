import { fieldsOf } from "../../tasks/items.ts";
import { html } from "../../text/html.ts";
import { storiesOf } from "../question-page.ts";
import type { Format } from "./format.ts";

/**
 * jsPsych 7 and 8: a timeline a form, as JSON. `type` names the plugin's package; where the timeline is run, replace it
 * by the plugin itself: `timeline.map((trial) => ({ ...trial, type: { "survey-html-form": jsPsychSurveyHtmlForm,
 * instructions: jsPsychInstructions }[trial.type] }))`. A trial's `data` names form, question and task, and its
 * `response` holds the fields of this study's own judgments.
 */
export const jspsych: Format = {
  name: "jspsych",
  summary: "jsPsych: a timeline JSON for each form",
  files: (forms, { consent, instructions, words }) =>
    Object.fromEntries(
      forms.map((form) => [
        `${form.id}.json`,
        `${JSON.stringify(
          [
            {
              type: "instructions",
              pages: [consent, instructions].map((text) => html`<div>${paragraphs(text)}</div>`.toString()),
              show_clickable_nav: true,
            },
            {
              timeline: form.questions.map((question, at) => ({
                type: "survey-html-form",
                preamble: storiesOf(question.stimuli, words).toString(),
                html: fieldsOf(question.items).toString(),
                button_label: words("question.next"),
                data: { form: form.id, question: question.id, task: question.task, composed_order: at + 1 },
              })),
              // jsPsych draws the order for each participant.
              randomize_order: true,
            },
          ],
          null,
          2,
        )}\n`,
      ]),
    ),
};

const paragraphs = (text: string) => text.split(/\n+/).map((line) => html`<p>${line}</p>`);
