import { clusteredMean } from "../../stats/clustered.ts";
import { holm } from "../../stats/multiple-tests.ts";
import { mean, standardDeviation } from "../../stats/quantile.ts";
import type { Random } from "../../stats/random.ts";
import { type Trend, type TrendData, trend } from "../../stats/trend.ts";
import { type Figure, type Finding, figure, sentence, table } from "../../study/finding.ts";
import { countingOf, type Generation, modelName, writerName } from "../../study/generation.ts";
import { counted, printed, pValue } from "../../study/print.ts";
import { sadness } from "../../text/sad-and-glad.ts";
import type { Analysis } from "../analysis.ts";
import type { Data } from "../data.ts";
import { groupedBy } from "../groups.ts";

/**
 * "Is it possible to set the level of sadness?", the 2022 study's own open question: the level of a tone that was asked
 * for against the sadness of the words, and against what readers felt where they rated such texts.
 */
export const doseResponse: Analysis = {
  name: "dose-response",
  asks: "Can the level of a tone be set?",
  needs: ["levels"],
  beforeData: true,
  run(data, random) {
    const human = (data.study?.stimuli ?? [])
      .filter(({ origin }) => origin === "human")
      .map(({ text }) => sadness(text));
    const doses = correctedAll(dosesOf(data, random));
    if (doses.length === 0) {
      const why = "No two levels of a tone were asked for, so that there is nothing to compare.";
      return { findings: [sentence("result", why)], numbers: {} };
    }
    return {
      findings: [
        ...doses.flatMap((dose) => findingsOf(dose, human, data.settings)),
        sentence("method", methodOf(data)),
      ],
      numbers: Object.fromEntries(
        doses.map(({ name, outcomes }) => [
          name,
          Object.fromEntries(outcomes.map(({ key, found, corrected }) => [key, { ...found, corrected }])),
        ]),
      ),
    };
  },
};

/** A text that a level of a tone was asked of. */
interface Level {
  readonly writer: string;
  readonly tone: string;
  readonly strength: number;
  readonly generation: Generation;
}

/** The attempts that count, of generations under a tone and a strength. */
export function levelsOf(generations: readonly Generation[]): Level[] {
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

/** One way in which a level may show. */
interface Outcome {
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

type Corrected = Outcome & { readonly corrected: number };

/** A model and a prompt under a tone. */
interface Dose<Each extends Outcome> {
  readonly name: string;
  readonly tone: string;
  readonly outcomes: readonly Each[];
}

/** Each model and prompt under each tone, as far as more than one level was asked for. */
function dosesOf(data: Data, random: Random): Dose<Outcome>[] {
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

const deals = 1999;

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

/** All trends are one question put several times. */
function correctedAll(doses: readonly Dose<Outcome>[]): Dose<Corrected>[] {
  const adjusted = holm(doses.flatMap(({ outcomes }) => outcomes.map(({ found }) => found.p)));
  let next = 0;
  return doses.map((dose) => ({
    ...dose,
    outcomes: dose.outcomes.map((outcome) => ({ ...outcome, corrected: adjusted[next++]! })),
  }));
}

function findingsOf(dose: Dose<Corrected>, human: readonly number[], settings: Data["settings"]): Finding[] {
  const { name, outcomes } = dose;
  const rated = outcomes.some(({ key }) => key !== "words");
  return [
    sentence("result", `${name}: ${conclusion(dose.tone, outcomes, settings.alpha)}`),
    sentence("result", say(outcomes, human, settings)),
    ...(rated
      ? [
          figure(
            "result",
            `${name}: what was measured and what readers felt, by the level asked for, each in its own standard deviations`,
            together(outcomes, settings.level),
          ),
        ]
      : []),
    ...outcomes.map((outcome) =>
      figure(
        rated ? "detail" : "result",
        `${name}: ${outcome.label}, by the level asked for`,
        alone(outcome, human, settings.level),
      ),
    ),
    table("detail", `${name}: the trends, a level`, trendsTable(outcomes, settings.level)),
  ];
}

/** Claimed only where the deals over texts and the interval over titles and readers both say so. */
function claim({ found, corrected }: Corrected, alpha: number): 1 | -1 | 0 {
  const { low, high } = found.interval;
  if (corrected > alpha || (low <= 0 && high >= 0)) return 0;
  return found.estimate > 0 ? 1 : -1;
}

/** What the data say of words and of readers, and no more. */
function say(
  outcomes: readonly Corrected[],
  human: readonly number[],
  { alpha, level }: Data["settings"],
): string {
  const parts = outcomes.map((outcome) => {
    const { found, corrected, noun, rises, falls } = outcome;
    const sign = claim(outcome, alpha);
    const interval = Number.isFinite(found.interval.low)
      ? `${Math.round(level * 100)} % interval ${printed(found.interval.low, "number")} to ${printed(found.interval.high, "number")}`
      : "no interval: too few readers or titles";
    const numbers = `${printed(found.estimate, "number")} a level, ${interval}, ${pValue(corrected)}`;
    return sign === 0
      ? `That ${noun} goes with the level asked for is not shown (${numbers}).`
      : `${sign > 0 ? rises : falls} with the level asked for (${numbers}).`;
  });
  return `${parts.join(" ")}${sizeOf(outcomes, human)}`;
}

/** How far the levels span, beside how far people's stories differ. */
function sizeOf(outcomes: readonly Corrected[], human: readonly number[]): string {
  const words = outcomes.find(({ key }) => key === "words");
  if (!words || human.length < 3) return "";
  const levels = Array.from(words.data.levels);
  const span = (Math.max(...levels) - Math.min(...levels)) * words.found.estimate;
  return ` From the lowest level to the highest that is ${printed(span, "number")} by the line; the standard deviation of people’s stories is ${printed(standardDeviation(human), "number")}.`;
}

function conclusion(tone: string, outcomes: readonly Corrected[], alpha: number): string {
  const verdict = (key: Outcome["key"]) => {
    const outcome = outcomes.find((each) => each.key === key);
    if (!outcome) return undefined;
    const sign = claim(outcome, alpha);
    return sign === 0
      ? "not shown"
      : outcome.wanted === undefined || sign === outcome.wanted
        ? "as asked"
        : "against";
  };
  const [words, named, moved] = [verdict("words"), verdict("named"), verdict("moved")];
  const readers = named ?? moved;
  if (words === "against" || named === "against")
    return `asking for more ${tone} works against itself in part; the figures show where.`;
  if (words === "as asked" && readers === undefined)
    return `the level can be set as far as words tell; whether it is felt, no reader was asked.`;
  if (words === "as asked" && named === "as asked")
    return `the level can be set; words and readers follow it.`;
  if (words === "as asked")
    return `the level can be set as far as words tell; that readers feel it is not shown.`;
  if (named === "as asked") return `readers follow the level, though that the words do is not shown.`;
  return `whether the level can be set is open; that is no evidence that it cannot.`;
}

const levelColumn = { key: "level", label: "level asked for", format: "integer" as const };

/** The mean of an outcome at each level, with an interval that is clustered as its trend is. */
function byLevel({ data, key }: Outcome, confidence: number, scaled: (value: number) => number) {
  // An interval by Student's t knows nothing of the ends of a scale.
  const [least, most] = (scales[key] ?? [-Infinity, Infinity]).map(scaled) as [number, number];
  const levels = Array.from(data.levels);
  return [...new Set(levels)]
    .sort((one, other) => one - other)
    .map((level) => {
      const places = levels.flatMap((each, at) => (each === level ? [at] : []));
      const { estimate, interval } = clusteredMean(
        places.map((at) => scaled(data.values[at]!)),
        data.clusters.map((labels) => places.map((at) => labels[at]!)),
        confidence,
      );
      const known = Number.isFinite(interval.low);
      return {
        level,
        mean: estimate,
        low: known ? Math.max(least, interval.low) : null,
        high: known ? Math.min(most, interval.high) : null,
        count: places.length,
      };
    });
}

const scales: Partial<Record<Outcome["key"], readonly [number, number]>> = { moved: [1, 7], named: [0, 1] };

function alone(outcome: Outcome, human: readonly number[], confidence: number): Figure {
  const { key, label } = outcome;
  const format = key === "named" ? ("percent" as const) : ("number" as const);
  return {
    draw: "curve",
    table: {
      columns: [
        levelColumn,
        { key: "mean", label, format },
        { key: "low", label: `${Math.round(confidence * 100)} % interval`, format },
        { key: "high", label: "to", format },
        { key: "count", label: key === "words" ? "texts" : "ratings", format: "integer" },
      ],
      rows: byLevel(outcome, confidence, (value) => value),
    },
    encode: { x: "level", y: "mean", low: "low", high: "high" },
    labels: { x: "level asked for", y: label },
    ...(key === "words" &&
      human.length > 0 && { marks: [{ axis: "y" as const, at: mean(human), label: "people’s stories" }] }),
  };
}

/** All outcomes on one scale: how many of its own standard deviations each lies from its own mean. */
function together(outcomes: readonly Outcome[], confidence: number): Figure {
  const rows = outcomes.flatMap((outcome) => {
    const values = Array.from(outcome.data.values);
    const [middle, spread] = [mean(values), standardDeviation(values) || 1];
    return byLevel(outcome, confidence, (value) => (value - middle) / spread).map((row) => ({
      of: shortLabels[outcome.key],
      ...row,
    }));
  });
  return {
    draw: "curve",
    table: {
      columns: [
        { key: "of", label: "of", format: "text" },
        levelColumn,
        { key: "mean", label: "standard deviations from its mean", format: "number" },
        { key: "low", label: `${Math.round(confidence * 100)} % interval`, format: "number" },
        { key: "high", label: "to", format: "number" },
      ],
      rows: rows.map(({ count: _, ...row }) => row),
    },
    encode: { x: "level", y: "mean", low: "low", high: "high", group: "of" },
    labels: { x: "level asked for", y: "standard deviations from the mean" },
  };
}

const shortLabels: Record<Outcome["key"], string> = {
  words: "sad words",
  moved: "moved",
  named: "felt the tone",
};

const trendsTable = (outcomes: readonly Corrected[], confidence: number) => ({
  columns: [
    { key: "of", label: "of", format: "text" as const },
    { key: "slope", label: "a level", format: "number" as const },
    { key: "low", label: `${Math.round(confidence * 100)} % interval`, format: "number" as const },
    { key: "high", label: "to", format: "number" as const },
    { key: "p", label: "p, corrected", format: "p" as const },
    { key: "values", label: "values", format: "integer" as const },
    { key: "clusters", label: "clusters", format: "text" as const },
  ],
  rows: outcomes.map(({ key, label, found, corrected }) => ({
    of: label,
    slope: found.estimate,
    low: Number.isFinite(found.interval.low) ? found.interval.low : null,
    high: Number.isFinite(found.interval.high) ? found.interval.high : null,
    p: corrected,
    values: found.observations,
    clusters: clustersIn(key, found.clusters),
  })),
});

const clustersIn = (key: Outcome["key"], clusters: readonly number[]): string =>
  key === "words"
    ? counted(clusters[0]!, "title")
    : `${counted(clusters[0]!, "reader")}, ${counted(clusters[1]!, "title")}`;

const methodOf = ({ settings: { alpha } }: Data): string =>
  `The level of a tone: the slope over the level asked for, within titles for words and within readers for ratings. The test deals the levels anew among whole texts, ${deals} times; intervals are the jackknife’s over titles, and over readers and titles for ratings; a trend is claimed where the corrected p-value (Holm, over all trends) is at most ${alpha} and the interval leaves out 0. Words are those of the whole text, ratings of the text as it was shown. Sadness is counted by cues: words of loss and sorrow minus words of joy, per hundred words. It orders many texts and judges no single one.`;
