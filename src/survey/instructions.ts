import type { Form } from "../study/form.ts";
import type { TaskKind } from "../tasks/kinds.ts";
import { requireTask } from "../tasks/tasks.ts";
import type { Phrases } from "./languages.ts";

interface AskedQuestion {
  readonly task: string;
  readonly stimuli: readonly string[];
  /** What is written above the story about its author. */
  readonly told?: string | undefined;
}

/**
 * The instructions for these questions, for studies without `survey.instructions`: how many stories there are and what will
 * be asked. They mention machines only if a question is about origin, and cut endings only if the stories are `cut`.
 */
export function instructionsFor(
  questions: readonly AskedQuestion[],
  language: string,
  words: Phrases,
  cut: Cut,
): string {
  const tasks = [...new Set(questions.map(({ task }) => task))].map((name) => requireTask("form", name));
  const asksOrigin = (kind: TaskKind) => tasks.some((task) => task.kind === kind && task.asksOrigin);
  const what = askedIn(questions, language, words);
  const paragraphs = [
    what !== "" && [
      ...readingSentences(questions, words),
      asksOrigin("choice") && words(`instructions.${originsToldIn(questions)}`),
      asksOrigin("pair") && words("instructions.origins.pairs"),
      cut === "some" ? words("instructions.cut.some") : cut && words("instructions.cut"),
    ],
    what !== "" && [words("instructions.asked", { what }), words("instructions.read")],
    [tasks.some(({ kind }) => kind === "about") && words("instructions.about")],
  ];
  return paragraphs
    .map((sentences) => (sentences || []).filter(Boolean).join(" "))
    .filter(Boolean)
    .join("\n\n");
}

/** Whether the endings of all texts are cut off, of none, or of some. */
export type Cut = boolean | "some";

/** Which endings the readers of a form see cut off; `cut` is whether the study cuts texts. */
export function cutIn({ conditions = [] }: Pick<Form, "conditions">, cut: boolean): Cut {
  const whole = conditions.filter((condition) => condition.whole).length;
  if (!cut || whole === 0) return cut;
  return whole === conditions.length ? false : "some";
}

/** The paragraphs that the condition of a form adds to the instructions; none if its conditions change by story. */
export const furtherInstructions = (form: Pick<Form, "conditions"> | undefined): readonly string[] =>
  form?.conditions?.length === 1 ? form.conditions[0]!.instructions : [];

/** What the instructions say about origins: that both occur, unless every story is said to be of one of them. */
function originsToldIn(questions: readonly AskedQuestion[]): "origins" | "all.human" | "all.machine" {
  const told = new Set(
    questions.filter(({ stimuli }) => stimuli.length > 0).map((question) => question.told),
  );
  const [only] = told;
  return told.size === 1 && (only === "human" || only === "machine") ? `all.${only}` : "origins";
}

/** What is asked about the stories: "whether a person or a machine wrote a story and how much a story moved you". */
export function askedIn(questions: readonly AskedQuestion[], language: string, words: Phrases): string {
  const tasks = [...new Set(questions.map(({ task }) => task))].map((name) => requireTask("form", name));
  const topics = tasks.filter(({ stimuli }) => stimuli > 0).map((task) => task.asked(words));
  return new Intl.ListFormat(language).format(topics);
}

/** How many stories are shown alone and how many in pairs, and whether pairs repeat stories. */
function readingSentences(questions: readonly AskedQuestion[], words: Phrases): string[] {
  const pages = [...new Set(questions.map(({ stimuli }) => stimuli.join(" ")))].map((page) =>
    page.split(" ").filter(Boolean),
  );
  const alone = pages.filter(({ length }) => length === 1).flat();
  const paired = pages.filter(({ length }) => length === 2);
  const pairs = paired.length === 1 ? "pair" : "pairs";
  const [kind] = [
    paired.length === 0 && (alone.length === 1 ? "one" : "alone"),
    alone.length === 0 && pairs,
    `alone-and-${pairs}`,
  ].filter((one) => one !== false);
  const reread = paired.flat().some((id) => alone.includes(id));
  return [
    words(`instructions.${kind}`, { count: alone.length, pairs: paired.length }),
    ...(reread ? [words("instructions.again")] : []),
  ];
}
