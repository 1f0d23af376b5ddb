import { storiesOf } from "../../survey/question-page.ts";
import { planParts } from "../../survey/survey-plan.ts";
import type { Item } from "../../tasks/items.ts";
import { html } from "../../text/html.ts";
import type { Format, PortableForm, PortableQuestion, SurveyTexts } from "../format.ts";

/**
 * Qualtrics: one survey (QSF) in which each participant gets one of the forms, evenly presented, its questions in
 * random order, those about oneself after them. A question's export tag names form, place and field.
 */
export const qualtrics: Format = {
  name: "qualtrics",
  summary: "Qualtrics: a QSF file with all forms in one survey",
  files: (forms, around) => ({
    "README.md": readme(around),
    [`${around.name}.qsf`]: `${JSON.stringify(survey(forms, around), null, 2)}\n`,
  }),
};

const readme = ({ name, title }: SurveyTexts): string => `# ${title}: Qualtrics

Made by Tiny Love from the study \`${name}\`. Nothing here tells who wrote a story.

1. In Qualtrics *Create a project*, *Survey*, *Import a QSF file*, and choose \`${name}.qsf\`. (Into a survey that is there:
   *Survey*, *Tools*, *Import/export*, *Import survey*.)
2. Look at *Survey flow*: a randomizer gives each participant one form, evenly; the questions of a form come in random
   order, pairs of stories that are also read alone after them, those that show no story last. Two questions about one
   story may come apart.
3. Try it with *Preview*, then *Publish*.
4. Afterwards: *Data & Analysis*, *Export & Import*, *Export data*, as CSV or TSV, with values or with choice text, and

       tinylove import-responses export.csv --study ...

   Previews are left out, half a response is kept, and what was taken in before is not taken in twice.

In the data each column is named by form, place and field: \`f1_q3_answer\` is the answer to the third question of form 1, as it
is in the study's \`forms/\`; the values are this study's own (\`human\`, \`machine\`, \`left\`, \`1\` to \`5\`). Leave these names as they are.
`;

interface Block {
  readonly id: string;
  readonly description: string;
  readonly questions: readonly { readonly id: string; readonly payload: object; readonly text: string }[];
}

function survey(forms: readonly PortableForm[], around: SurveyTexts): object {
  const number = counter();
  const opening: Block = {
    id: "BL_opening",
    description: "Consent and instructions",
    questions: [textOnly(number(), [around.consent, around.instructions].flatMap(lines), "opening")],
  };
  const blocks = forms.map((form, at) => {
    const own = form.questions.map((question, place) =>
      blockOf(form, at + 1, question, place + 1, number, around),
    );
    const { again, last } = planParts(form.questions, ({ stimuli }) => stimuli.map(({ id }) => id));
    const blocksOf = (asked: readonly PortableQuestion[]) =>
      own.filter((_, place) => asked.includes(form.questions[place]!));
    const [pairs, after] = [blocksOf(again.flat()), blocksOf(last)];
    return {
      form,
      blocks: own,
      // Pairs of stories that stand alone as well come after all that is not read twice.
      shuffled: [own.filter((block) => !pairs.includes(block) && !after.includes(block)), pairs].filter(
        ({ length }) => length > 0,
      ),
      last: after,
    };
  });
  const all = [opening, ...blocks.flatMap((each) => each.blocks)];
  const flow = counter();
  const standard = ({ id }: Block) => ({ Type: "Standard", ID: id, FlowID: `FL_${flow()}`, Autofill: [] });
  const element = (name: string, primary: string, payload: unknown, secondary: string | null = null) => ({
    SurveyID: surveyId,
    Element: name,
    PrimaryAttribute: primary,
    SecondaryAttribute: secondary,
    TertiaryAttribute: null,
    Payload: payload,
  });
  const randomizer = (subset: number, even: boolean, inside: readonly object[]) => ({
    Type: "BlockRandomizer",
    FlowID: `FL_${flow()}`,
    SubSet: subset,
    EvenPresentation: even,
    Flow: inside,
  });
  const root = {
    Type: "Root",
    FlowID: "FL_0",
    Flow: [
      standard(opening),
      randomizer(
        1,
        true,
        blocks.map(({ form, shuffled, last }) => ({
          Type: "Group",
          FlowID: `FL_${flow()}`,
          Description: form.id,
          Flow: [
            ...shuffled.map((own) => randomizer(own.length, false, own.map(standard))),
            ...last.map(standard),
          ],
        })),
      ),
    ],
  };
  const questions = all.flatMap((block) => block.questions);
  return {
    SurveyEntry: {
      SurveyID: surveyId,
      SurveyName: around.title,
      SurveyDescription: null,
      SurveyOwnerID: "",
      SurveyBrandID: "",
      DivisionID: null,
      SurveyLanguage: around.language.toUpperCase(),
      SurveyActiveResponseSet: "RS_1",
      SurveyStatus: "Inactive",
      Deleted: null,
    },
    SurveyElements: [
      element("BL", "Survey Blocks", all.map(blockElement)),
      element("FL", "Survey Flow", { ...root, Properties: { Count: flow() } }),
      element("SO", "Survey Options", {
        BackButton: "false",
        SaveAndContinue: "true",
        SurveyProtection: "PublicSurvey",
        NoIndex: "Yes",
        AnonymizeResponse: "Yes",
        ProgressBarDisplay: "Text",
        NextButton: around.words("question.next"),
      }),
      element("QC", "Survey Question Count", null, String(questions.length)),
      element("RS", "RS_1", null, "Default Response Set"),
      ...questions.map(({ id, payload, text }) => element("SQ", id, payload, text.slice(0, 99))),
    ],
  };
}

const surveyId = "SV_tinylove";

const blockElement = ({ id, description, questions }: Block, at: number) => ({
  Type: at === 0 ? "Default" : "Standard",
  Description: description,
  ID: id,
  BlockElements: questions.map((question) => ({ Type: "Question", QuestionID: question.id })),
  Options: { BlockLocking: "false", RandomizeQuestions: "false", BlockVisibility: "Expanded" },
});

function blockOf(
  form: PortableForm,
  formNumber: number,
  question: PortableQuestion,
  place: number,
  number: () => number,
  { words }: SurveyTexts,
): Block {
  const tag = `f${formNumber}_q${place}`;
  const stories = question.stimuli.length > 0 ? [storyOf(number(), question, tag, words)] : [];
  return {
    id: `BL_${tag}`,
    description: `${form.id}, ${place}`,
    questions: [...stories, ...question.items.map((item) => itemOf(number(), item, `${tag}_${item.name}`))],
  };
}

function storyOf(number: number, { stimuli }: PortableQuestion, tag: string, words: SurveyTexts["words"]) {
  return textQuestion(number, storiesOf(stimuli, words).toString(), `${tag}_text`);
}

const textOnly = (number: number, texts: readonly string[], tag: string) =>
  textQuestion(number, html`${texts.map((text) => html`<p>${text}</p>`)}`.toString(), tag);

function textQuestion(number: number, text: string, tag: string) {
  return question(number, tag, text, { QuestionType: "DB", Selector: "TB", ChoiceOrder: [] });
}

function itemOf(number: number, item: Item, tag: string) {
  const text = html`${item.ask}`.toString();
  if (item.kind === "choice" || item.kind === "scale") {
    const options = item.kind === "choice" ? item.options : scaleOptions(item);
    const places = options.map((_, at) => String(at + 1));
    return question(number, tag, text, {
      QuestionType: "MC",
      Selector: item.kind === "scale" ? "SAHR" : "SAVR",
      SubSelector: "TX",
      Choices: Object.fromEntries(
        options.map(([, label], at) => [places[at]!, { Display: html`${label}`.toString() }]),
      ),
      ChoiceOrder: places,
      // The exported value is the field's own, not the place of the choice.
      RecodeValues: Object.fromEntries(options.map(([value], at) => [places[at]!, value])),
      Validation: validation(item.required),
    });
  }
  return question(number, tag, text, {
    QuestionType: "TE",
    Selector: item.kind === "text" ? "ML" : "SL",
    Validation: validation(item.kind === "line" && item.required),
  });
}

const scaleOptions = ({ levels, ends: [low, high] }: Extract<Item, { kind: "scale" }>) =>
  levels.map(
    (level, at) =>
      [
        level,
        at === 0 ? `${level} (${low})` : at === levels.length - 1 ? `${level} (${high})` : level,
      ] as const,
  );

const validation = (required: boolean) => ({
  Settings: required
    ? { ForceResponse: "ON", ForceResponseType: "ON", Type: "None" }
    : { ForceResponse: "OFF", Type: "None" },
});

const question = (number: number, tag: string, text: string, payload: object) => ({
  id: `QID${number}`,
  text,
  payload: {
    QuestionText: text,
    DataExportTag: tag,
    QuestionDescription: tag,
    QuestionID: `QID${number}`,
    Configuration: { QuestionDescriptionOption: "UseText" },
    Language: [],
    ...payload,
  },
});

const lines = (text: string): string[] => text.split(/\n+/).filter(Boolean);

function counter(): () => number {
  let count = 0;
  return () => ++count;
}
