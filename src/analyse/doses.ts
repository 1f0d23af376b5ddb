import { holm } from "../stats/multiple-tests.ts";
import type { Random } from "../stats/random.ts";
import { type Trend, type TrendData, trend } from "../stats/trend.ts";
import { countingOf, type Generation, modelName, writerName } from "../study/generation.ts";
import { groupedBy } from "../study/groups.ts";
import { sadness } from "../text/sad-and-glad.ts";
import type { Data } from "./data.ts";

/** One way in which a level may show. */
export interface Outcome {
  readonly key: "words" | "moved" | "named";
  readonly label: string;
  /** What it is, as a sentence names it. */
  readonly noun: string;
  /** How a sentence begins that tells of a rise of it, or of a fall. */
  readonly rises: string;
  readonly falls: string;
  /** The sign that was asked for: 1 or -1; undefined where the tone says nothing of it. */
  readonly wanted: 1 | -1 | undefined;
  readonly data: TrendData;
  readonly found: Trend;
}

/** An outcome with its p-value by Holm over all of them. */
export type Corrected = Outcome & { readonly corrected: number };

/** A model and a prompt under a tone. */
export interface Dose<Each extends Outcome> {
  readonly name: string;
  readonly tone: string;
  readonly outcomes: readonly Each[];
}

/** Each model and prompt under each tone, as far as more than one level was asked for. */
export function dosesOf(data: Data, random: Random): Dose<Outcome>[] {
  const levels = levelsOf(data.study?.generations ?? []);
  return [...groupedBy(levels, ({ writer, tone }) => `${writer}, ${tone}`)].flatMap(([name, group]) => {
    const [{ tone }] = group as [Level];
    const stream = random.fork(name);
    const outcomes = [wordsOf(tone, group), ...ratingsOf(tone, group, data)].flatMap((outcome) => {
      const found = trend(outcome.data, { level: data.settings.level, deals }, stream.fork(outcome.key));
      return found ? [{ ...outcome, found }] : [];
    });
    return outcomes.length > 0 ? [{ name, tone, outcomes }] : [];
  });
}

/** How often levels are dealt anew over texts. */
export const deals = 1999;

/** All trends are one question put several times. */
export function correctedAll(doses: readonly Dose<Outcome>[]): Dose<Corrected>[] {
  const adjusted = holm(doses.flatMap(({ outcomes }) => outcomes.map(({ found }) => found.p)));
  let next = 0;
  return doses.map((dose) => ({
    ...dose,
    outcomes: dose.outcomes.map((outcome) => ({ ...outcome, corrected: adjusted[next++]! })),
  }));
}

/** A text that a level of a tone was asked of. */
interface Level {
  readonly writer: string;
  readonly tone: string;
  readonly strength: number;
  readonly generation: Generation;
}

/** The attempts that count, of generations under a tone and a strength. */
function levelsOf(generations: readonly Generation[]): Level[] {
  const asked = generations.filter(
    ({ control, text }) =>
      control?.["tone"] !== undefined && control["strength"] !== undefined && text !== "",
  );
  return countingOf(asked, (generation) => JSON.stringify([writerName(generation), generation.story])).map(
    (generation) => ({
      writer: `${modelName(generation)} ${generation.prompt.template.split("+")[0]}`,
      tone: String(generation.control!["tone"]),
      strength: Number(generation.control!["strength"]),
      generation,
    }),
  );
}

/** The sadness of the words of each text, compared within its title, for titles are sad or glad of themselves. */
function wordsOf(tone: string, group: readonly Level[]): Omit<Outcome, "found"> {
  const titles = group.map(({ generation }) => generation.story);
  const levels = group.map(({ strength }) => strength);
  const within = oftenSeveral(titles, levels) ? titles : undefined;
  return {
    key: "words",
    label: "sadness per hundred words",
    noun: "the sadness of the words",
    rises: "The words grow sadder",
    falls: "The words grow gladder",
    wanted: sadTones.has(tone) ? 1 : gladTones.has(tone) ? -1 : undefined,
    data: {
      levels,
      values: group.map(({ generation }) => sadness(generation.text)),
      units: group.map(({ generation }) => generation.id),
      within,
      blocks: within,
      clusters: [titles],
    },
  };
}

const sadTones: ReadonlySet<string> = new Set(["bittersweet", "melancholy", "regretful", "grieving"]);
const gladTones: ReadonlySet<string> = new Set(["celebratory", "grateful", "joyful", "content"]);

/** What a reader may name who felt the tone. */
const emotionsOf: Readonly<Record<string, readonly string[]>> = {
  bittersweet: ["sadness", "longing"],
  melancholy: ["sadness", "longing"],
  regretful: ["sadness", "longing"],
  grieving: ["sadness"],
  retrospective: ["longing"],
  celebratory: ["joy", "amusement"],
  joyful: ["joy", "amusement"],
  grateful: ["joy", "tenderness"],
  content: ["joy", "tenderness"],
};

/** How much readers were moved, and whether they named an emotion of the tone, each compared within the reader. */
function ratingsOf(
  tone: string,
  group: readonly Level[],
  { ratings, study }: Data,
): Omit<Outcome, "found">[] {
  const byId = new Map(group.map((level) => [level.generation.id, level]));
  const rated = ratings.flatMap((rating) => {
    const level = byId.get(study?.behind.get(rating.stimulus) ?? "");
    return level && rating.task === "how-it-felt" ? [{ rating, level }] : [];
  });
  const emotions = emotionsOf[tone] ?? [];
  const named = rated.filter(({ rating }) => rating.emotion !== undefined);
  const outcome = (rows: typeof rated, value: (row: (typeof rated)[number]) => number): TrendData => {
    const levels = rows.map(({ level }) => level.strength);
    const readers = rows.map(({ rating }) => rating.participant);
    const titles = rows.map(({ level }) => level.generation.story);
    return {
      levels,
      values: rows.map(value),
      units: rows.map(({ rating }) => rating.stimulus),
      within: oftenSeveral(readers, levels) ? readers : undefined,
      // In most surveys a title stands once, under one level: then levels were dealt over titles.
      blocks: oftenSeveral(titles, levels) ? titles : undefined,
      clusters: [readers, titles],
    };
  };
  const moved: Omit<Outcome, "found"> = {
    key: "moved",
    label: "how much it moved readers, 1 to 7",
    noun: "how much readers are moved",
    rises: "Readers are moved more",
    falls: "Readers are moved less",
    wanted: undefined,
    data: outcome(rated, ({ rating }) => rating.rating),
  };
  const words = emotions.join(" or ");
  return [
    ...(rated.length > 0 ? [moved] : []),
    ...(named.length > 0 && emotions.length > 0
      ? [
          {
            key: "named" as const,
            label: `share of readers who name ${words}`,
            noun: `the share of readers who name ${words}`,
            rises: `More readers name ${words}`,
            falls: `Fewer readers name ${words}`,
            wanted: 1 as const,
            data: outcome(named, ({ rating }) => Number(emotions.includes(rating.emotion!))),
          },
        ]
      : []),
  ];
}

/** Whether at least one of them has several levels, so that levels can be compared within it. */
function oftenSeveral(labels: readonly string[], levels: readonly number[]): boolean {
  const first = new Map<string, number>();
  return labels.some((label, at) => {
    const known = first.get(label);
    if (known === undefined) first.set(label, levels[at]!);
    return known !== undefined && known !== levels[at];
  });
}
