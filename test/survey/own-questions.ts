import type { z } from "zod";
import type { StudyConfig } from "../../src/study/config.ts";
import { randomId } from "../../src/survey/ids.ts";
import { taskNamed } from "../../src/tasks/tasks.ts";
import { readForms } from "../../src/workbench/artefacts.ts";
import { writeWhole } from "../../src/workbench/files.ts";
import { type Fixture, fixture } from "./fixture.ts";

type Survey = NonNullable<z.input<typeof StudyConfig>["survey"]>;

const agreement = [
  { en: "not at all", de: "gar nicht" },
  { en: "a little", de: "ein wenig" },
  { en: "mostly", de: "überwiegend" },
  { en: "fully", de: "völlig" },
];

/** Every kind of question, about stories, pairs and participants, in two languages. */
export const ownQuestions: NonNullable<Survey["questions"]> = [
  {
    name: "reads",
    kind: "choice",
    about: "reader",
    at: "start",
    ask: { en: "How often do you read stories?", de: "Wie oft lesen Sie Geschichten?" },
    options: { daily: { en: "Daily", de: "Täglich" }, rarely: { en: "Rarely", de: "Selten" } },
  },
  {
    name: "liking",
    kind: "rating",
    ask: { en: "How much did you like this story?", de: "Wie gut hat Ihnen diese Geschichte gefallen?" },
    asked: { en: "how much you like a story", de: "wie gut Ihnen eine Geschichte gefällt" },
    steps: 11,
    low: { en: "not at all", de: "gar nicht" },
    high: { en: "very much", de: "sehr" },
  },
  {
    name: "quality",
    kind: "rating",
    ask: { en: "How far do you agree?", de: "Wie weit stimmen Sie zu?" },
    labels: agreement,
    items: {
      vivid: { en: "The story is vivid.", de: "Die Geschichte ist anschaulich." },
      honest: { en: "The story feels honest.", de: "Die Geschichte wirkt ehrlich." },
    },
  },
  {
    name: "mood",
    kind: "choice",
    ask: { en: "Which moods does the story have?", de: "Welche Stimmungen hat die Geschichte?" },
    options: {
      tender: { en: "Tender", de: "Zärtlich" },
      sad: { en: "Sad, or bitter", de: "Traurig oder bitter" },
      funny: { en: "Funny", de: "Komisch" },
    },
    several: true,
  },
  {
    name: "ending",
    kind: "choice",
    ask: { en: "Is the ending open?", de: "Ist das Ende offen?" },
    options: { open: { en: "Yes, open", de: "Ja, offen" }, closed: { en: "No, closed", de: "Nein" } },
    required: false,
  },
  {
    name: "why",
    kind: "text",
    ask: { en: "What did you like about it?", de: "Was hat Ihnen daran gefallen?" },
    least: 12,
    required: true,
    if: { question: "liking", is: [9, 10, 11] },
  },
  {
    name: "better",
    kind: "better",
    ask: { en: "Which of the two stories …", de: "Welche der beiden Geschichten …" },
    criteria: {
      moving: { en: "… moves you more?", de: "… bewegt Sie mehr?" },
      written: { en: "… is better written?", de: "… ist besser geschrieben?" },
    },
  },
  {
    name: "views",
    kind: "rating",
    about: "reader",
    ask: { en: "What do you think?", de: "Was denken Sie?" },
    steps: 2,
    low: { en: "no", de: "nein" },
    high: { en: "yes", de: "ja" },
    items: {
      machines: { en: "Machines can write.", de: "Maschinen können schreiben." },
      person: { en: "A story needs a person.", de: "Eine Geschichte braucht einen Menschen." },
    },
    required: false,
  },
];

/**
 * A fixture with one form: one or two stories with all questions about stories, a pair of two others, and the questions
 * to participants.
 */
export async function studyWithQuestions(survey: Survey = {}, stories: 1 | 2 = 2): Promise<Fixture> {
  const built = await fixture({ forms: 1, stories: 4, survey: { questions: ownQuestions, ...survey } });
  const { study } = built;
  const [form] = await readForms(study);
  const [one, two, three, four] = form!.questions.flatMap(({ stimuli }) => stimuli);
  const shownBy = { 0: [[]], 1: [[one!], [two!]].slice(0, stories), 2: [[three!, four!]] };
  const questions = study.config.compose.tasks.flatMap(({ task }) =>
    shownBy[taskNamed(task)!.stimuli].map((stimuli) => ({ id: randomId(), task, stimuli })),
  );
  await writeWhole(study.path("forms", `${form!.id}.json`), JSON.stringify({ id: form!.id, questions }));
  return built;
}
