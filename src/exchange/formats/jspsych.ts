import { readFileSync } from "node:fs";
import { storiesOf } from "../../survey/question-page.ts";
import { planParts } from "../../survey/survey-plan.ts";
import { fieldsOf } from "../../tasks/items.ts";
import { html } from "../../text/html.ts";
import { packageFolder } from "../../workbench/version.ts";
import type { Format, PortableForm, PortableQuestion, SurveyTexts } from "../format.ts";

/** The versions that the page asks for, and was tried with. */
const versions = {
  jspsych: "jspsych@8.3.0",
  instructions: "@jspsych/plugin-instructions@2.1.0",
  form: "@jspsych/plugin-survey-html-form@2.1.0",
};

/**
 * jsPsych 8: a page that runs, and the trials of each form as JSON for who builds an experiment of their own. `type` names
 * the plugin; a trial's `data` names form, question and task, and its `response` holds the fields of this study's own
 * judgments.
 */
export const jspsych: Format = {
  name: "jspsych",
  summary: "jsPsych: a page that runs, and each form's trials as JSON",
  files(forms, around) {
    const trials = forms.map((form) => [form.id, trialsOf(form, around)] as const);
    return {
      "README.md": readme(forms[0]!.id, around),
      "index.html": page(Object.fromEntries(trials), around),
      ...Object.fromEntries(
        trials.map(([id, own]) => [`${id}.json`, `${JSON.stringify(own, null, 2)}\n`] as const),
      ),
    };
  },
};

/** The trials of a form by where they may come, as `planOf` orders them for participants here. */
function trialsOf(form: PortableForm, { consent, instructions, words }: SurveyTexts) {
  const { stories, again, between, last } = planParts(form.questions, ({ stimuli }) =>
    stimuli.map(({ id }) => id),
  );
  const trialOf = (question: PortableQuestion) => ({
    type: "survey-html-form",
    preamble: storiesOf(question.stimuli, words).toString(),
    // A pair stands as composed or turned round, by chance; `data.side` then says where its second story stood.
    ...(question.stimuli.length === 2 && {
      turned: storiesOf([...question.stimuli].reverse(), words).toString(),
    }),
    html: fieldsOf(question.items).toString(),
    button_label: words("question.next"),
    data: {
      form: form.id,
      question: question.id,
      task: question.task,
      composed_order: form.questions.indexOf(question) + 1,
    },
  });
  return {
    opening: {
      type: "instructions",
      pages: [consent, instructions].map((text) => html`<div>${paragraphs(text)}</div>`.toString()),
      show_clickable_nav: true,
      button_label_next: words("question.next"),
      button_label_previous: words("question.back"),
    },
    stories: stories.map((group) => group.map(trialOf)),
    again: again.map((group) => group.map(trialOf)),
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
// Markup stays text until jsPsych shows it: "<" is written as an escape.
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

/** Runs in the participant's browser. `?form=form-1` asks for a form; otherwise chance takes one. */
const script = `const named = new URLSearchParams(location.search).get("form");
const ids = Object.keys(forms);
const id = ids.includes(named) ? named : ids[Math.floor(Math.random() * ids.length)];
const { opening, stories, again, between, last } = forms[id];

const jsPsych = initJsPsych({
  // Send the data to your own server here (DataPipe, JATOS); as it stands, the browser saves them as a file.
  on_finish() {
    jsPsych.data.get().localSave("csv", id + ".csv");
    document.querySelector(".jspsych-content").textContent = thanks;
  },
});
const plugins = { instructions: jsPsychInstructions, "survey-html-form": jsPsychSurveyHtmlForm };

function ready({ turned, ...trial }) {
  const turn = turned !== undefined && Math.random() < 0.5;
  const side = turned === undefined ? {} : { side: turn ? "left" : "right" };
  return {
    ...trial,
    type: plugins[trial.type],
    ...(turn && { preamble: turned }),
    ...(trial.data && { data: { ...trial.data, ...side } }),
  };
}

// Stories in random order, the questions about one together; attention checks between them, the rest at the end.
const { shuffle, randomInt } = jsPsych.randomization;
const groups = [...shuffle(stories), ...shuffle(again)];
for (const check of between)
  groups.splice(randomInt(Math.min(1, groups.length), Math.max(1, groups.length - 1)), 0, [check]);
jsPsych.data.addProperties({ form: id });
jsPsych.run([opening, ...groups.flat(), ...last].map(ready));
`;

const readme = (first: string, { name, title }: SurveyTexts): string => `# ${title}: jsPsych

Made by Tiny Love from the study \`${name}\`. Nothing here tells who wrote a story.

- \`index.html\` is a whole experiment. Open it in a browser: it takes one of the forms by chance, \`index.html?form=${first}\` a
  certain one. It loads ${Object.values(versions)
    .map((version) => `\`${version}\``)
    .join(", ")}; without the internet, put these files beside it and change
  the four addresses at its head.
- \`${first}.json\` and so on are the trials of each form, for an experiment of your own: \`opening\`, \`stories\` (the questions
  about one story together), \`again\` (pairs of stories that were read alone), \`between\` (attention checks), \`last\`. \`type\` names
  the plugin; put the plugin itself in its place, and take \`turned\` for \`preamble\` in half of the pairs, as \`index.html\` does.

## Putting it online

- **JATOS**: make a study, add a component, and give it \`index.html\`; load \`jatos.js\` in its head and put
  \`jatos.endStudy(jsPsych.data.get().json())\` into \`on_finish\`.
- **DataPipe**: add \`@jspsych-contrib/plugin-pipe\` at the end of the timeline.
- **Any web server**: as it stands, the browser saves the answers as a CSV file on the participant's own machine. Put
  whatever sends them to you into \`on_finish\`.

Whoever reads the page's source finds the stories of all forms, as they will in any page that chooses in the browser. Where
a study has more stories of people than of machines, or fewer, it matters how often a title comes there: then put up a
page for each form, with nothing but that form in \`forms\`.

## What comes back

A row a trial: \`form\`, \`question\`, \`task\`, \`composed_order\`, for pairs \`side\` (where the form's second story stood), \`rt\` in
milliseconds, and \`response\`, JSON with the fields of this study's judgments (\`answer\`, \`confidence\`, \`reason\` ...). Of a pair,
\`left\` is the story that was shown first. Take the files of your participants in with

    tinylove import-responses *.csv --study ...

CSV and JSON are read, a file for each participant or all in one, as JATOS and DataPipe give them. A column \`participant\`,
\`subject\` or \`PROLIFIC_PID\` names who it was, where you add one. What was taken in before is not taken in twice.
`;
