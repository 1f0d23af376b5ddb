import { counted } from "../../study/print.ts";
import type { Item } from "../../tasks/items.ts";
import type { Format, PortableForm, SurveyTexts } from "../format.ts";

/**
 * Google Forms: an Apps Script that makes one form for each of the study's. Paste it into script.google.com and run
 * `makeForms`; it prints the addresses. Google shows the questions in one fixed order: one form is one order. The
 * number before a question's words tells `tinylove import-responses` where an answer belongs, so leave it there.
 */
export const googleForms: Format = {
  name: "google-forms",
  summary: "Google Forms: an Apps Script that makes the forms",
  files: (forms, around) => ({ "README.md": readme(forms, around), "make-forms.gs": script(forms, around) }),
};

const readme = (
  forms: readonly PortableForm[],
  { name, title }: SurveyTexts,
): string => `# ${title}: Google Forms

Made by Tiny Love from the study \`${name}\`. Nothing here tells who wrote a story. The script makes ${counted(forms.length, "form")}, ${forms.map(({ id }) => id).join(", ")}.

1. Open script.google.com, make a new project, and put the whole of \`make-forms.gs\` in place of what stands there.
2. Choose \`makeForms\` beside *Run*, run it, and allow it to make forms in your account.
3. The log (*Execution log*) has the address of each form. Give each participant one of them, as many of each.
4. Afterwards: in each form *Responses*, the three dots, *Download responses (.csv)*, unpack it, and

       tinylove import-responses responses.csv --form ${forms[0]!.id} --study ...

   once for each form. The number before a question's words says where an answer belongs: leave it there.

Google shows the questions in one fixed order, the form's own, and measures no time. Who answers twice is two participants.
`;

/** The title of an item of a form: the place of its question, then its words. */
export const itemTitle = (position: number, item: Item): string => `${position}. ${item.ask}`;

function script(forms: readonly PortableForm[], around: SurveyTexts): string {
  const data = forms.map((form) => ({
    title: `${around.title} (${form.id})`,
    description: `${around.consent}\n\n${around.instructions}`,
    pages: form.questions.map((question, at) => ({
      stories: question.stimuli.map(({ title, text }) => ({ title, text })),
      items: question.items.map((item) => ({ ...portable(item), title: itemTitle(at + 1, item) })),
    })),
  }));
  return `// Made by Tiny Love for the study ${JSON.stringify(around.name)}. Run makeForms at script.google.com.
const forms = ${JSON.stringify(data, null, 2)};

function makeForms() {
  forms.forEach(function (each) {
    const form = FormApp.create(each.title);
    form.setDescription(each.description).setProgressBar(true).setShuffleQuestions(false).setCollectEmail(false);
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
  } else if (item.kind === "scale") {
    form.addScaleItem().setTitle(item.title).setBounds(1, item.levels).setLabels(item.low, item.high).setRequired(item.required);
  } else if (item.kind === "text") {
    form.addParagraphTextItem().setTitle(item.title).setRequired(false);
  } else {
    form.addTextItem().setTitle(item.title).setRequired(item.required);
  }
}
`;
}

function portable(item: Item) {
  if (item.kind === "choice") {
    return { kind: item.kind, labels: item.options.map(([, label]) => label), required: item.required };
  }
  if (item.kind === "scale") {
    const [low, high] = item.ends;
    return { kind: item.kind, levels: item.levels.length, low, high, required: item.required };
  }
  return item.kind === "text" ? { kind: item.kind } : { kind: item.kind, required: item.required };
}
