import { counted } from "../../study/print.ts";
import { storiesOf } from "../../survey/question-page.ts";
import { planParts } from "../../survey/survey-plan.ts";
import { asQualtrics } from "../../tables/qualtrics.ts";
import { columnsOf } from "../../tables/records.ts";
import type { TableRecord } from "../../tables/table-record.ts";
import { type Item, stepLabels } from "../../tasks/items.ts";
import { html } from "../../text/html.ts";
import { StudyError } from "../../workbench/errors.ts";
import type { Format } from "../format.ts";
import type { PortableForm, PortableQuestion, SurveyTexts } from "../portable-form.ts";
import {
  answersFrom,
  type ImportedFile,
  type ImportedResponse,
  type ImportRequest,
  occurrenceCounter,
  participantFrom,
  participantFromContent,
} from "../responses.ts";

/**
 * Qualtrics: one survey (QSF) in which each participant gets one of the forms, evenly distributed, with its questions in
 * random order and demographics at the end. The export tag of a question names form, position and field.
 */
export const qualtrics: Format = {
  name: "qualtrics",
  exportForms: (forms, texts) => ({
    "README.md": readme(texts),
    [`${texts.name}.qsf`]: `${JSON.stringify(surveyDefinition(forms, texts), null, 2)}\n`,
  }),
  importResponses,
  checksLength: false,
  recognisedBy: "Qualtrics exports have columns such as f1_q1_answer",
};

const readme = ({ name, title }: SurveyTexts): string => `# ${title}: Qualtrics

Made by Tiny Love from the study \`${name}\`. The survey does not say who wrote a story.

1. In Qualtrics choose *Create a project*, *Survey*, *Import a QSF file*, and select \`${name}.qsf\`. (For an existing survey:
   *Survey*, *Tools*, *Import/export*, *Import survey*.)
2. Check the *Survey flow*: a randomizer distributes the forms evenly. The questions of a form come in random order, then
   pairs of stories that are also shown alone, then questions without a story. Two questions about the same story may be
   separated.
3. Try it with *Preview*, then *Publish*.
4. Afterwards: *Data & Analysis*, *Export & Import*, *Export data*, as CSV or TSV, with values or choice text. Then run

       tinylove import-responses export.csv --study ...

   Previews are left out, partial responses are kept, and nothing is imported twice.

Each column in the data is named by form, position and field: \`f1_q3_answer\` is the answer to the third question of form 1 in
the study's \`forms/\`. The values are those of the study (\`human\`, \`machine\`, \`left\`, \`1\` to \`5\`). Do not rename the columns.
`;

interface Block {
  readonly id: string;
  readonly description: string;
  readonly questions: readonly { readonly id: string; readonly payload: object; readonly text: string }[];
}

function surveyDefinition(forms: readonly PortableForm[], texts: SurveyTexts): object {
  const number = counter();
  const opening: Block = {
    id: "BL_opening",
    description: "Consent and instructions",
    questions: [textOnly(number(), [texts.consent, texts.instructions].flatMap(lines), "opening")],
  };
  const textBlock = (tag: string, description: string, paragraphs: readonly string[]): Block => ({
    id: `BL_${tag}`,
    description,
    questions: [textOnly(number(), paragraphs.flatMap(lines), tag)],
  });
  const blocks = forms.map((form, at) => {
    const own = form.questions.map((question, place) =>
      blockOf(form, at + 1, question, place + 1, number, texts),
    );
    const { first, reread, last } = planParts(form.questions, ({ stimuli }) => stimuli.map(({ id }) => id));
    const blocksOf = (asked: readonly PortableQuestion[]) =>
      own.filter((_, place) => asked.includes(form.questions[place]!));
    const [before, pairs, after] = [blocksOf(first), blocksOf(reread.flat()), blocksOf(last)];
    return {
      form,
      blocks: own,
      // Pairs with stories that are also shown alone come after all other stories.
      shuffled: [own.filter((block) => ![...before, ...pairs, ...after].includes(block)), pairs].filter(
        ({ length }) => length > 0,
      ),
      first: before,
      last: after,
    };
  });
  const closing = texts.debrief === "" ? [] : [textBlock("debriefing", "Debriefing", [texts.debrief])];
  const all = [opening, ...blocks.flatMap((each) => [...each.first, ...each.blocks]), ...closing];
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
        blocks.map(({ form, first, shuffled, last }) => ({
          Type: "Group",
          FlowID: `FL_${flow()}`,
          Description: form.id,
          Flow: [
            ...first.map(standard),
            ...shuffled.map((own) => randomizer(own.length, false, own.map(standard))),
            ...last.map(standard),
          ],
        })),
      ),
      ...closing.map(standard),
    ],
  };
  const questions = all.flatMap((block) => block.questions);
  return {
    SurveyEntry: {
      SurveyID: surveyId,
      SurveyName: texts.title,
      SurveyDescription: null,
      SurveyOwnerID: "",
      SurveyBrandID: "",
      DivisionID: null,
      SurveyLanguage: texts.language.toUpperCase(),
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
        NextButton: texts.words("question.next"),
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

function storyOf(
  number: number,
  { stimuli, told }: PortableQuestion,
  tag: string,
  words: SurveyTexts["words"],
) {
  return textQuestion(number, storiesOf(stimuli, words, told).toString(), `${tag}_text`);
}

const textOnly = (number: number, texts: readonly string[], tag: string) =>
  textQuestion(number, html`${texts.map((text) => html`<p>${text}</p>`)}`.toString(), tag);

function textQuestion(number: number, text: string, tag: string) {
  return question(number, tag, text, { QuestionType: "DB", Selector: "TB", ChoiceOrder: [] });
}

function itemOf(number: number, item: Item, tag: string) {
  const text = html`${item.ask}`.toString();
  if (item.kind === "choice" || item.kind === "several" || item.kind === "scale") {
    const options = item.kind === "scale" ? scaleOptions(item) : item.options;
    const places = options.map((_, at) => String(at + 1));
    return question(number, tag, text, {
      QuestionType: "MC",
      Selector: item.kind === "several" ? "MAVR" : item.kind === "scale" && !item.labels ? "SAHR" : "SAVR",
      SubSelector: "TX",
      Choices: Object.fromEntries(
        options.map(([, label], at) => [places[at]!, { Display: html`${label}`.toString() }]),
      ),
      ChoiceOrder: places,
      // The exported value is that of the field, not the number of the choice.
      RecodeValues: Object.fromEntries(options.map(([value], at) => [places[at]!, value])),
      Validation: validation(item.required),
    });
  }
  return question(number, tag, text, {
    QuestionType: "TE",
    Selector: item.kind === "text" ? "ML" : "SL",
    Validation: validation(item.required === true),
  });
}

function scaleOptions(item: Extract<Item, { kind: "scale" }>) {
  const labels = stepLabels(item);
  return item.levels.map((level, at) => [level, labels[at]!] as const);
}

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

const columnPattern = /^f(\d+)_q(\d+)_(\w+)$/;

function importResponses(request: ImportRequest): ImportedFile | undefined {
  if (!columnsOf(request.records).some((column) => columnPattern.test(column))) return undefined;
  const found = asQualtrics(request.records);
  return found && { responses: responsesIn(found.records, request), previews: found.previews };
}

/** Each response has an id, and each column names form, question and field. */
function responsesIn(records: readonly TableRecord[], { forms, study }: ImportRequest): ImportedResponse[] {
  const occurrences = occurrenceCounter();
  return records.flatMap(({ where, cells }) => {
    const filled = Object.entries(cells).filter(
      ([column, cell]) => cell.trim() !== "" && columnPattern.test(column),
    );
    const numbers = [...new Set(filled.map(([column]) => Number(columnPattern.exec(column)![1])))];
    if (numbers.length === 0) return [];
    const form = forms[numbers[0]! - 1];
    if (numbers.length > 1 || !form) {
      throw new StudyError(
        `${where}: answers to ${numbers.map((number) => `form ${number}`).join(" and ")}`,
        {
          hint: form
            ? "each participant gets one form: remove the row"
            : `this study has ${counted(forms.length, "form")}`,
        },
      );
    }
    const id = cells["ResponseId"] ?? "";
    return [
      {
        participant: id
          ? participantFrom(["qualtrics", id])
          : participantFromContent(occurrences, [form.id, cells]),
        form,
        answers: form.questions.flatMap((question, at) =>
          answersFrom(
            question,
            question.items.map((item) => [item, cells[`f${numbers[0]}_q${at + 1}_${item.name}`] ?? ""]),
            `${where}: f${numbers[0]}_q${at + 1}`,
            study,
          ),
        ),
      },
    ];
  });
}
