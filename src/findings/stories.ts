import { groupedBy } from "../study/groups.ts";
import type { Judgment } from "../study/judgment.ts";
import { counted, percent } from "../study/print.ts";
import type { Key, Stimulus } from "../study/stimulus.ts";

/** A story as shown, with its judgments. */
export interface ReportStory {
  readonly id: string;
  /** The id of the full text: the story of the corpus, or the generation. */
  readonly source: string;
  readonly title: string;
  readonly text: string;
  readonly origin: Key["origin"];
  /** Who wrote it: `a person`, or the condition. */
  readonly by: string;
  readonly forms: readonly string[];
  readonly judgments: number;
  readonly saidHuman: number;
  readonly right: number;
  /** Answers about pairs that show this story. */
  readonly pairs: number;
  /** Tone and other codes by people or a model, by variable. */
  readonly codes: Readonly<Record<string, string>>;
  /** Readers' reasons, with their answers. */
  readonly reasons: readonly { readonly answer: string; readonly reason: string }[];
}

/** Who wrote a text, in words. */
export const writerOf = ({ origin, model }: Pick<Key, "origin" | "model">): string =>
  origin === "human" ? "a person" : model || "a machine";

/** All stories shown, those with the fewest right answers first. */
export function reportStories(
  stimuli: readonly Stimulus[],
  key: ReadonlyMap<string, Key>,
  formsOf: ReadonlyMap<string, readonly string[]>,
  judgments: readonly Judgment[],
  codesOf: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map(),
): ReportStory[] {
  const choices = judgments.filter(
    ({ stimuli: shown, response: { answer } }) =>
      shown.length === 1 && (answer === "human" || answer === "machine"),
  );
  const inPairs = new Map<string, number>();
  for (const { stimuli: shown } of judgments)
    if (shown.length > 1) for (const id of shown) inPairs.set(id, (inPairs.get(id) ?? 0) + 1);
  const byStory = groupedBy(choices, ({ stimuli: [id = ""] }) => id);
  const stories = stimuli.flatMap(({ id, title, text }) => {
    const entry = key.get(id);
    if (!entry) return [];
    const own = byStory.get(id) ?? [];
    const source = entry.generation || entry.story;
    return [
      {
        id,
        source,
        title,
        text,
        origin: entry.origin,
        by: writerOf(entry),
        forms: formsOf.get(id) ?? [],
        judgments: own.length,
        saidHuman: own.filter(({ response }) => response.answer === "human").length,
        right: own.filter(({ response }) => response.answer === entry.origin).length,
        pairs: inPairs.get(id) ?? 0,
        codes: codesOf.get(source) ?? {},
        reasons: own.flatMap(({ response: { answer, reason } }) =>
          typeof reason === "string" && reason !== "" ? [{ answer: String(answer), reason }] : [],
        ),
      },
    ];
  });
  return stories.sort(
    (one, other) => shareRight(one) - shareRight(other) || (one.title < other.title ? -1 : 1),
  );
}

/** How a story was judged, in a few words. */
export const judgedText = ({ judgments, right, saidHuman, pairs }: ReportStory): string =>
  judgments > 0
    ? `${right} of ${counted(judgments, "reader")} ${right === 1 ? "was" : "were"} right (${percent(right / judgments)}), ${saidHuman} said “human”`
    : pairs > 0
      ? `shown only in pairs (${counted(pairs, "answer")})`
      : "not judged yet";

/** Stories without judgments come last. */
const shareRight = ({ right, judgments }: ReportStory): number => (judgments === 0 ? 2 : right / judgments);

/** The stimulus in the report for an id: of the stimulus itself, or of its full text. */
export type StoryLinks = ReadonlyMap<string, string>;

export const storyLinksOf = (stories: readonly ReportStory[]): StoryLinks =>
  new Map(stories.flatMap(({ id, source }) => [[source, id] as const, [id, id] as const]));

/**
 * A human and a machine story to print side by side: two with one title if there are such, judged as often right as
 * the median story, so that neither the best nor the worst is shown. Undefined without stories of both origins.
 */
export function exampleStories(stories: readonly ReportStory[]): [ReportStory, ReportStory] | undefined {
  const typical = (own: readonly ReportStory[]) => own[Math.floor((own.length - 1) / 2)];
  const machines = stories.filter(({ origin }) => origin === "machine");
  const people = stories.filter(({ origin }) => origin === "human");
  const pairs = machines.flatMap((machine) => {
    const human = people.find(({ title }) => title === machine.title);
    return human ? [[human, machine] as [ReportStory, ReportStory]] : [];
  });
  if (pairs.length > 0) return pairs[Math.floor((pairs.length - 1) / 2)];
  const [human, machine] = [typical(people), typical(machines)];
  return human && machine ? [human, machine] : undefined;
}
