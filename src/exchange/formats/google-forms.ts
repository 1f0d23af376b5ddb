import { counted } from "../../study/print.ts";
import { toldText } from "../../survey/question-page.ts";
import type { TableRecord } from "../../tables/table-record.ts";
import { type Item, stepLabels } from "../../tasks/items.ts";
import { StudyError } from "../../workbench/errors.ts";
import type { Study } from "../../workbench/study.ts";
import type { Format } from "../format.ts";
import type { PortableForm, SurveyTexts } from "../portable-form.ts";
import {
  answersFrom,
  type ImportedResponse,
  occurrenceCounter,
  participantFromContent,
} from "../responses.ts";

/**
 * Google Forms: an Apps Script that makes a Google form for each of the study's forms. Paste it into script.google.com and
 * run `makeForms`; it prints the addresses. Google shows the questions in one fixed order. The number before a question
 * is how `tinylove import-responses` finds it, so it must stay.
 */
export const googleForms: Format = {
  name: "google-forms",
  exportForms: (forms, texts) => ({
    "README.md": readme(forms, texts),
    "make-forms.gs": script(forms, texts),
  }),
  importResponses: ({ records, form, study }) =>
    form && { responses: responsesIn(records, form, study), previews: 0 },
  checksLength: true,
  recognisedBy: "for Google Forms, name the form with --form",
};

const readme = (
  forms: readonly PortableForm[],
  { name, title }: SurveyTexts,
): string => `# ${title}: Google Forms

Made by Tiny Love from the study \`${name}\`. These files do not say who wrote a story. The script makes ${counted(forms.length, "form")}: ${forms.map(({ id }) => id).join(", ")}.

1. Open script.google.com, make a new project, and replace its content with \`make-forms.gs\`.
2. Choose \`makeForms\` next to *Run*, run it, and allow it to make forms in your account.
3. The *Execution log* shows the address of each form. Give each participant one form, each form to equally many.
4. Afterwards, in each form: *Responses*, the three dots, *Download responses (.csv)*. Unpack the file and run

       tinylove import-responses responses.csv --form ${forms[0]!.id} --study ...

   once for each form. Leave the number before each question as it is: the import uses it to find the question.

Google shows the questions in the form's fixed order and measures no reading time. A person who answers twice counts as two participants.
`;

/** The title of an item: the number of its question, then its text. */
const itemTitle = (position: number, item: Item): string => `${position}. ${item.ask}`;

function script(forms: readonly PortableForm[], texts: SurveyTexts): string {
  const data = forms.map((form) => ({
    title: `${texts.title} (${form.id})`,
    description: [texts.consent, texts.instructions, ...form.instructions].join("\n\n"),
    ...(texts.debrief !== "" && { confirmation: texts.debrief }),
    pages: form.questions.map((question, at) => ({
      stories: question.stimuli.map(({ title, text }) => ({
        title,
        text: question.told === undefined ? text : `${toldText(question.told, texts.words)}\n\n${text}`,
      })),
      items: question.items.map((item) => ({ ...portable(item), title: itemTitle(at + 1, item) })),
    })),
  }));
  return `// Made by Tiny Love for the study ${JSON.stringify(texts.name)}. Run makeForms at script.google.com.
const forms = ${JSON.stringify(data, null, 2)};

function makeForms() {
  forms.forEach(function (each) {
    const form = FormApp.create(each.title);
    form.setDescription(each.description).setProgressBar(true).setShuffleQuestions(false).setCollectEmail(false);
    if (each.confirmation) form.setConfirmationMessage(each.confirmation);
    each.pages.forEach(function (page, at) {
      if (at > 0) form.addPageBreakItem();
      page.stories.forEach(function (story) {
        form.addSectionHeaderItem().setTitle(story.title).setHelpText(story.text);
      });
      page.items.forEach(function (item) {
        addItem(form, item);
      });
    });
    // Forms made by a script begin unpublished.
    if (typeof form.setPublished === "function") form.setPublished(true);
    Logger.log(each.title + ": " + form.getPublishedUrl());
  });
}

function addItem(form, item) {
  if (item.kind === "choice") {
    form.addMultipleChoiceItem().setTitle(item.title).setChoiceValues(item.labels).setRequired(item.required);
  } else if (item.kind === "several") {
    form.addCheckboxItem().setTitle(item.title).setChoiceValues(item.labels).setRequired(item.required);
  } else if (item.kind === "scale") {
    form.addScaleItem().setTitle(item.title).setBounds(1, item.levels).setLabels(item.low, item.high).setRequired(item.required);
  } else if (item.kind === "text") {
    const paragraph = form.addParagraphTextItem().setTitle(item.title).setRequired(item.required);
    if (item.least)
      paragraph.setValidation(FormApp.createParagraphTextValidation().requireTextLengthGreaterThanOrEqualTo(item.least).build());
  } else {
    form.addTextItem().setTitle(item.title).setRequired(item.required);
  }
}
`;
}

function portable(item: Item) {
  if (item.kind === "choice" || item.kind === "several") {
    return { kind: item.kind, labels: item.options.map(([, label]) => label), required: item.required };
  }
  if (item.kind === "scale") {
    const [low, high] = item.ends;
    // A scale of Google has 3 to 10 steps, and labels at its ends only.
    if (item.labels || item.levels.length < 3 || item.levels.length > 10)
      return { kind: "choice", labels: stepLabels(item), required: item.required };
    return { kind: item.kind, levels: item.levels.length, low, high, required: item.required };
  }
  if (item.kind === "text")
    return {
      kind: item.kind,
      required: item.required === true,
      ...(item.least !== undefined && { least: item.least }),
    };
  return { kind: item.kind, required: item.required };
}

/** Google gives responses no id: a response is identified by its row, equal rows of a file by their order. */
function responsesIn(records: readonly TableRecord[], form: PortableForm, study: Study): ImportedResponse[] {
  const occurrences = occurrenceCounter();
  return records.map(({ where, cells }) => ({
    participant: participantFromContent(occurrences, [form.id, cells]),
    form,
    answers: form.questions.flatMap((question, at) => {
      const fields = question.items.map((item) => {
        const title = itemTitle(at + 1, item);
        const column = Object.keys(cells).find((name) => name.trim() === title);
        if (column === undefined) {
          throw new StudyError(`${where}: no column "${title}"`, {
            hint: "check that --form names the right form and that its questions kept their numbers",
          });
        }
        return [item, cells[column]!] as const;
      });
      return answersFrom(question, fields, `${where}: question ${at + 1}`, study);
    }),
  }));
}
