import type { TaskKind } from "../tasks/kinds.ts";
import { requireTask } from "../tasks/tasks.ts";
import type { Phrases } from "./languages.ts";

interface AskedQuestion {
  readonly task: string;
  readonly stimuli: readonly string[];
}

/**
 * The instructions for these questions, for studies without `survey.instructions`: how many stories there are and what will
 * be asked. They mention machines only if a question is about origin, and cut endings only if the stories are `cut`.
 */
export function instructionsFor(
  questions: readonly AskedQuestion[],
  language: string,
  words: Phrases,
  cut: boolean,
): string {
  const tasks = [...new Set(questions.map(({ task }) => task))].map((name) => requireTask("form", name));
  const asksOrigin = (kind: TaskKind) => tasks.some((task) => task.kind === kind && task.asksOrigin);
  const what = askedIn(questions, language, words);
  const paragraphs = [
    what !== "" && [
      ...readingSentences(questions, words),
      asksOrigin("choice") && words("instructions.origins"),
      asksOrigin("pair") && words("instructions.origins.pairs"),
      cut && words("instructions.cut"),
    ],
    what !== "" && [words("instructions.asked", { what }), words("instructions.read")],
    [tasks.some(({ kind }) => kind === "about") && words("instructions.about")],
  ];
  return paragraphs
    .map((sentences) => (sentences || []).filter(Boolean).join(" "))
    .filter(Boolean)
    .join("\n\n");
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
