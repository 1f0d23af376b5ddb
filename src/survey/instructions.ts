import type { TaskKind } from "../tasks/kinds.ts";
import { taskAt } from "../tasks/tasks.ts";
import type { Phrases } from "./languages.ts";

interface Asked {
  readonly task: string;
  readonly stimuli: readonly string[];
}

/**
 * What participants are told who are asked these questions, where the researcher has not written it: how much they
 * read, what they will be asked, and of machines only where a question is about them.
 */
export function instructionsFor(questions: readonly Asked[], language: string, words: Phrases): string {
  const asked = [...new Set(questions.map(({ task }) => task))].map((name) => taskAt("form", name));
  const asksOrigin = (kind: TaskKind) => asked.some((task) => task.kind === kind && task.asksOrigin);
  const what = asked.filter(({ stimuli }) => stimuli > 0).map((task) => task.asked(words));
  const list = new Intl.ListFormat(language).format(what);
  const paragraphs = [
    what.length > 0 && [
      ...readingOf(questions, words),
      asksOrigin("choice") && words("instructions.origins"),
      asksOrigin("pair") && words("instructions.origins.pairs"),
      words("instructions.cut"),
    ],
    what.length > 0 && [words("instructions.asked", { what: list }), words("instructions.read")],
    [asked.some(({ kind }) => kind === "about") && words("instructions.about")],
  ];
  return paragraphs
    .map((sentences) => (sentences || []).filter(Boolean).join(" "))
    .filter(Boolean)
    .join("\n\n");
}

/** How many stories stand alone and how many in pairs. */
function readingOf(questions: readonly Asked[], words: Phrases): string[] {
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
  const again = paired.flat().some((id) => alone.includes(id));
  return [
    words(`instructions.${kind}`, { count: alone.length, pairs: paired.length }),
    ...(again ? [words("instructions.again")] : []),
  ];
}
