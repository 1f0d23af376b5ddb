import { readFileSync } from "node:fs";
import { storiesOf } from "../../survey/question-page.ts";
import { planParts } from "../../survey/survey-plan.ts";
import { asJspsych, byParticipant, type Trial } from "../../tables/jspsych.ts";
import { type Item, optionField, renderItems, severalSeparator } from "../../tasks/items.ts";
import { html } from "../../text/html.ts";
import { StudyError } from "../../workbench/errors.ts";
import type { Study } from "../../workbench/study.ts";
import { packageFolder } from "../../workbench/version.ts";
import type { Format } from "../format.ts";
import type { PortableForm, PortableQuestion, SurveyTexts } from "../portable-form.ts";
import {
  answersFrom,
  type GivenAnswer,
  type ImportedResponse,
  type ImportRequest,
  occurrenceCounter,
  participantFrom,
  participantFromContent,
} from "../responses.ts";

/** The versions that the page loads and was tested with. */
const versions = {
  jspsych: "jspsych@8.3.0",
  instructions: "@jspsych/plugin-instructions@2.1.0",
  form: "@jspsych/plugin-survey-html-form@2.1.0",
};

/**
 * jsPsych 8: a complete experiment, and the trials of each form as JSON for your own experiments. `type` names the
 * plugin; a trial's `data` names form, question and task, and its `response` has the fields of this study's judgments.
 */
export const jspsych: Format = {
  name: "jspsych",
  checksLength: true,
  recognisedBy: "jsPsych exports have columns trial_type and trial_index",
  importResponses(request) {
    const trials = asJspsych(request.records);
    return trials && { responses: responsesIn(trials, request), previews: 0 };
  },
  exportForms(forms, texts) {
    const trials = forms.map((form) => [form.id, trialsOf(form, texts)] as const);
    return {
      "README.md": readme(forms[0]!.id, texts),
      "index.html": page(Object.fromEntries(trials), texts),
      ...Object.fromEntries(
        trials.map(([id, own]) => [`${id}.json`, `${JSON.stringify(own, null, 2)}\n`] as const),
      ),
    };
  },
};

/** The trials of a form by part of the plan; the page orders them as `planOf` does for the survey's participants. */
function trialsOf(form: PortableForm, { consent, instructions, debrief, words }: SurveyTexts) {
  const { first, stories, reread, between, last } = planParts(form.questions, ({ stimuli }) =>
    stimuli.map(({ id }) => id),
  );
  const trialOf = (question: PortableQuestion) => ({
    type: "survey-html-form",
    preamble: storiesOf(question.stimuli, words, question.told).toString(),
    // The sides of a pair are randomised in the browser; `data.side` records the position of its second story.
    ...(question.stimuli.length === 2 && {
      swapped: storiesOf([...question.stimuli].reverse(), words).toString(),
    }),
    html: renderItems(question.items, words).toString(),
    button_label: words("question.next"),
    data: {
      form: form.id,
      question: question.id,
      task: question.task,
      composed_order: form.questions.indexOf(question) + 1,
    },
  });
  const pagesOf = (texts: readonly string[]) => ({
    type: "instructions",
    pages: texts.map((text) => html`<div>${paragraphs(text)}</div>`.toString()),
    show_clickable_nav: true,
    button_label_next: words("question.next"),
    button_label_previous: words("question.back"),
  });
  return {
    opening: pagesOf([consent, [instructions, ...form.instructions].join("\n")]),
    ...(debrief !== "" && { closing: pagesOf([debrief]) }),
    first: first.map(trialOf),
    stories: stories.map((group) => group.map(trialOf)),
    reread: reread.map((group) => group.map(trialOf)),
    between: between.map(trialOf),
    last: last.map(trialOf),
  };
}

const paragraphs = (text: string) => text.split(/\n+/).map((line) => html`<p>${line}</p>`);

const cdn = (name: string) => `https://unpkg.com/${name}`;

const page = (forms: Readonly<Record<string, unknown>>, { title, language, words }: SurveyTexts): string =>
  `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${html`<title>${title}</title>`}
<link rel="stylesheet" href="${cdn(versions.jspsych)}/css/jspsych.css">
<script src="${cdn(versions.jspsych)}/dist/index.browser.min.js"></script>
<script src="${cdn(versions.instructions)}/dist/index.browser.min.js"></script>
<script src="${cdn(versions.form)}/dist/index.browser.min.js"></script>
<style>
${readFileSync(new URL("src/survey/client/style.css", packageFolder), "utf8")}
${ownStyle}</style>
</head>
<body></body>
<script>
// Markup is kept as text until jsPsych shows it: "<" is escaped.
const forms = ${JSON.stringify(forms, null, 1).replaceAll("<", "\\u003c")};
const thanks = ${JSON.stringify(`${words("thanks.heading")}.`).replaceAll("<", "\\u003c")};
${script}</script>
</html>
`;

const ownStyle = `.jspsych-display-element { font-family: var(--serif); font-size: 1rem; }
.jspsych-content { width: 100%; max-width: 62rem; padding: 1.5rem 1.1rem 4rem; text-align: left; }
.jspsych-content > form, .jspsych-content > .jspsych-instructions-nav, .jspsych-content > div:not(:has(.pair)) { max-width: 35rem; margin-inline: auto; }
.jspsych-content > form { margin-top: 2rem; }
.jspsych-content .jspsych-btn { margin: 0 0.5rem 0 0; padding: 0.6rem 2rem; font: inherit; font-size: 1.1rem; }
`;

/** Runs in the participant's browser. `?form=form-1` selects a form; otherwise one is drawn at random. */
const script = `const named = new URLSearchParams(location.search).get("form");
const ids = Object.keys(forms);
const id = ids.includes(named) ? named : ids[Math.floor(Math.random() * ids.length)];
const { opening, first, stories, reread, between, last, closing } = forms[id];

const jsPsych = initJsPsych({
  // Send the data to your own server here (DataPipe, JATOS). Without a change, the browser saves them as a file.
  on_finish() {
    jsPsych.data.get().localSave("csv", id + ".csv");
    document.querySelector(".jspsych-content").textContent = thanks;
  },
});
const plugins = { instructions: jsPsychInstructions, "survey-html-form": jsPsychSurveyHtmlForm };

function ready({ swapped, ...trial }) {
  const swap = swapped !== undefined && Math.random() < 0.5;
  const side = swapped === undefined ? {} : { side: swap ? "left" : "right" };
  return {
    ...trial,
    type: plugins[trial.type],
    ...(swap && { preamble: swapped }),
    ...(trial.data && { data: { ...trial.data, ...side } }),
  };
}

// Stories in random order, the questions about one story together; attention checks between stories, other questions last.
const { shuffle, randomInt } = jsPsych.randomization;
const groups = [...shuffle(stories), ...shuffle(reread)];
for (const check of between)
  groups.splice(randomInt(Math.min(1, groups.length), Math.max(1, groups.length - 1)), 0, [check]);
jsPsych.data.addProperties({ form: id });
jsPsych.run([opening, ...first, ...groups.flat(), ...last, ...(closing ? [closing] : [])].map(ready));
`;

const readme = (first: string, { name, title }: SurveyTexts): string => `# ${title}: jsPsych

Made by Tiny Love from the study \`${name}\`. These files do not say who wrote a story.

- \`index.html\` is a complete experiment. Open it in a browser: it draws a form at random; \`index.html?form=${first}\`
  selects one. It loads ${Object.values(versions)
    .map((version) => `\`${version}\``)
    .join(", ")}; to run it offline, put these files next to it and
  change the four addresses at the top.
- \`${first}.json\` and so on are the trials of each form, for an experiment of your own: \`opening\`, \`first\` (questions at
  the start), \`stories\` (the questions about one story together), \`reread\` (pairs with stories that were also shown
  alone), \`between\` (attention checks), \`last\`, and \`closing\` (the debriefing), if there is one. Replace \`type\`, the
  name of the plugin, by the plugin itself, and use \`swapped\` instead of \`preamble\` in half of
  the pairs, as \`index.html\` does.

## Putting it online

- **JATOS**: make a study, add a component with \`index.html\`, load \`jatos.js\` in its head, and call
  \`jatos.endStudy(jsPsych.data.get().json())\` in \`on_finish\`.
- **DataPipe**: add \`@jspsych-contrib/plugin-pipe\` at the end of the timeline.
- **Any web server**: without a change, the browser saves the answers as a CSV file on the participant's own machine. Send
  them to your server in \`on_finish\`.

The page's source contains the stories of all forms, as in any page that chooses the form in the browser. If a study does
not have equally many human and machine stories, the number of times a title occurs there can reveal who wrote it: then publish
a page for each form, with only that form in \`forms\`.

## The data

One row for each trial: \`form\`, \`question\`, \`task\`, \`composed_order\`, for pairs \`side\` (the position of the form's second
story), \`rt\` in milliseconds, and \`response\`, JSON with the fields of this study's judgments (\`answer\`, \`confidence\`,
\`reason\` ...). In a pair, \`left\` is the story shown first. Import the files of your participants with

    tinylove import-responses *.csv --study ...

CSV and JSON are read, one file for each participant or one for all, as JATOS and DataPipe export them. You may add a
column \`participant\`, \`subject\` or \`PROLIFIC_PID\` with the participant's id. Nothing is imported twice.
`;

/** Each trial names its form and question. The participant is in a column; without one, a new participant begins where the trials start again. */
function responsesIn(trials: readonly Trial[], { file, forms, study }: ImportRequest): ImportedResponse[] {
  const occurrences = occurrenceCounter();
  const idColumn = [
    "participant",
    "subject",
    "subject_id",
    "participant_id",
    "PROLIFIC_PID",
    "workerId",
    "run_id",
  ].find((column) => trials.some(({ cells }) => (cells[column] ?? "") !== ""));
  const people = byParticipant(trials, ({ cells }) => (idColumn === undefined ? undefined : cells[idColumn]));
  const responses = people.flatMap(([name, own]): ImportedResponse[] => {
    const asked = own.filter(({ cells }) => (cells["question"] ?? "") !== "");
    const [first] = asked;
    if (!first) return [];
    const form = forms.find(({ id }) => id === first.cells["form"]);
    if (!form)
      throw new StudyError(`${first.where}: no form ${first.cells["form"] || "(empty)"} in this study`, {
        hint: `its forms are ${forms.map(({ id }) => id).join(", ")}; check that it is the right study`,
      });
    const { rt, time_elapsed, question } = first.cells;
    return [
      {
        participant:
          idColumn === undefined
            ? participantFromContent(occurrences, [
                "jspsych",
                form.id,
                question,
                rt,
                time_elapsed,
                first.response,
              ])
            : participantFrom(["jspsych", form.id, name]),
        form,
        answers: asked.flatMap((trial) => answersInTrial(trial, form, study)),
      },
    ];
  });
  if (responses.length > 0) return responses;
  throw new StudyError(`${file} has no trial with a question of this study`, {
    hint: "export the data of the page that `tinylove export-forms jspsych` wrote, including the column question",
  });
}

function answersInTrial({ where, cells, response }: Trial, form: PortableForm, study: Study): GivenAnswer[] {
  const question = form.questions.find(({ id }) => id === cells["question"]);
  if (!question)
    throw new StudyError(`${where}: ${form.id} has no question ${cells["question"]}`, {
      hint: "check that it is the right study and that its forms have not changed since the export",
    });
  const rt = Number(cells["rt"]);
  const { side } = cells;
  return answersFrom(
    question,
    question.items.map((item) => [item, responseTo(item, response)]),
    where,
    study,
  ).map((given) => ({
    ...given,
    ...(cells["rt"] && Number.isFinite(rt) && { ms: Math.round(rt) }),
    ...((side === "left" || side === "right") && { side }),
  }));
}

/** The field of an item; for several options those that were chosen, each a field of its own. */
const responseTo = (item: Item, response: Readonly<Record<string, string>>): string =>
  item.kind === "several"
    ? item.options
        .filter(([value]) => response[optionField(item.name, value)] !== undefined)
        .map(([value]) => value)
        .join(severalSeparator)
    : (response[item.name] ?? "");
