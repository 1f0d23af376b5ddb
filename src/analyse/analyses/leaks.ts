import type { Random } from "../../stats/random.ts";
import { verdictTest } from "../../stats/verdict-test.ts";
import { type Finding, type Findings, figure, sentence } from "../../study/finding.ts";
import { groupedBy } from "../../study/groups.ts";
import { counted, listed, percent, percentApart, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import type { Data, Shown } from "../data.ts";
import {
  allTogether,
  type Detection,
  type Differences,
  detect,
  detectInPairs,
  type Labelled,
} from "../detector.ts";
import { asJudgments, testOptions, unitsOf, verdictOnPairs } from "../judged.ts";
import { mendingOf } from "../remedies.ts";
import { surfaceOf } from "../surface.ts";
import { sharedTitles } from "../titles.ts";

/** Whether the look of the stories gives their origin away: the best that a program reaches without reading. */
export const leaks: Analysis = {
  name: "leaks",
  asks: "Does the look of the stories give them away?",
  needs: ["choices", "pairs"],
  beforeData: true,
  run(data, random) {
    const scans = [
      ...(data.asks.has("choices") ? [scanOfStories(data, random)] : []),
      ...(data.asks.has("pairs") ? [scanOfPairs(data, random.fork("pairs"))] : []),
    ];
    if (scans.length === 0)
      return { findings: [unknown("no story was asked about")], numbers: { stories: 0 } };
    const [first, ...others] = scans.map((scan) => reported(scan, data.settings.alpha));
    return {
      findings: [first!, ...others].flatMap(({ findings }) => findings),
      numbers: { ...first!.numbers, ...(others[0] && { pairs: others[0].numbers }) },
    };
  },
};

/** A scan of single stories or of pairs, or why there is none. */
type Scan =
  | { readonly detection: undefined; readonly why: string; readonly things: number }
  | {
      readonly detection: Detection;
      /** What is sorted or told apart, and how it is said. */
      readonly does: "sorts" | "tells apart";
      readonly readers: number | undefined;
      /** Mean of a feature in human and in machine stories. */
      readonly means: (feature: string) => readonly [human: number, machine: number];
      readonly method: string;
    };

const unknown = (why: string): Finding =>
  sentence("result", `Whether the look of the stories gives them away cannot be told: ${why}.`);

function scanOfStories(data: Data, random: Random): Scan {
  const stories = labelledStories(data);
  const detection = stories.names.length > 0 ? detect(stories, random) : undefined;
  if (!detection) {
    const why =
      stories.names.length === 0
        ? "the table says nothing of the stories but their origin"
        : `${counted(stories.labels.length, "story", "stories")} are too few`;
    return { detection, why, things: stories.labels.length };
  }
  const readers =
    data.choices.length > 0 ? verdictTest(asJudgments(data.choices, data), testOptions(data)) : undefined;
  return {
    detection,
    does: "sorts",
    readers: readers?.overall.estimate,
    means: (feature) => {
      const column = stories.names.indexOf(feature);
      const [machine, human] = [0, 1].map((label) =>
        meanOf(stories.features.flatMap((row, at) => (stories.labels[at] === label ? row[column]! : []))),
      );
      return [human!, machine!];
    },
    method: `Leaks were sought with ${detection.detectors.length} cheap detectors (a threshold on each feature of the text’s surface, and a ridge logistic regression on all) by five-fold cross-validated balanced accuracy over stories${stories.titles ? ", folds by title" : ""}; each was compared with the best of all in ${detection.permutations} permutations of the origins${stories.titles ? " within titles" : ""} (Westfall and Young 1993).`,
  };
}

/** Pairs are told apart by what their two stories differ in, whatever the title brings to both. */
function scanOfPairs(data: Data, random: Random): Scan {
  const pairs = pairsShown(data);
  if (pairs.names.length === 0) {
    const why = "nothing is known of the stories in the pairs but their origin";
    return { detection: undefined, why, things: pairs.titles.length };
  }
  const detection = detectInPairs(pairs, random);
  if (!detection) {
    const why = `${counted(pairs.titles.length, "pair")} of ${counted(new Set(pairs.titles).size, "title")} are too few`;
    return { detection, why, things: pairs.titles.length };
  }
  const two = data.pairs.filter(({ options = 2 }) => options === 2);
  return {
    detection,
    does: "tells apart",
    readers: two.length > 0 ? verdictOnPairs(two, data).estimate : undefined,
    means: (feature) => pairs.means[pairs.names.indexOf(feature)]!,
    method: `Leaks in pairs were sought with ${detection.detectors.length} cheap detectors (the story with more of a feature, or with less of it, and a ridge logistic regression on all differences) by five-fold cross-validation over pairs, folds by title; each was compared with the best of all in ${detection.permutations} draws in which the two sides of all pairs of a title change places together (Westfall and Young 1993).`,
  };
}

function reported(scan: Scan, alpha: number): Pick<Findings, "findings" | "numbers"> {
  if (scan.detection === undefined)
    return { findings: [unknown(scan.why)], numbers: { stories: scan.things } };
  const { detection, readers, does } = scan;
  const shown = detection.p <= alpha;
  const beats = shown && detection.best.accuracy > (readers ?? 0.5);
  const findings: Finding[] = [
    beats
      ? sentence("warning", sayUnfair(scan))
      : sentence("result", shown ? sayNoBetter(scan) : sayFair(scan)),
    ...(shown ? [sentence(beats ? "warning" : "result", sayFix(scan, alpha))] : []),
    figure(
      "detail",
      `How many ${does === "sorts" ? "stories a program sorts" : "pairs a program tells apart"} rightly that has seen only this`,
      {
        draw: "bars",
        table: {
          columns: [
            { key: "detector", label: "By", format: "text" },
            { key: "accuracy", label: does === "sorts" ? "Sorted rightly" : "Told apart", format: "percent" },
            { key: "p", label: "p", format: "p" },
          ],
          rows: [...detection.detectors]
            .sort((one, other) => other.accuracy - one.accuracy)
            .slice(0, 12)
            .map((one) => ({ ...one })),
        },
        encode: { x: "accuracy", y: "detector" },
        labels: {},
        marks: [
          { axis: "x", at: 0.5, label: "guessing" },
          ...(readers === undefined ? [] : [{ axis: "x" as const, at: readers, label: "readers" }]),
        ],
      },
    ),
    sentence("method", scan.method),
  ];
  return { findings, numbers: { ...detection, readers: readers ?? null, beats } };
}

type Scanned = Extract<Scan, { readonly does: string }>;

/** `sorts 80.0 % of them rightly`, `tells 80.0 % of the pairs apart`. */
const said = ({ does }: Scanned, share: string): string =>
  does === "sorts" ? `sorts ${share} of them rightly` : `tells ${share} of the pairs apart`;

/** Each story once, with its surface, its measures, and the place where it was shown on average. */
function labelledStories(data: Data): Labelled {
  const texts = new Map(data.study?.stimuli.map((stimulus) => [stimulus.id, stimulus]));
  const judged = groupedBy(data.choices, ({ stimulus }) => stimulus);
  // In the order of their names, so that the folds hang on the stories and not on how rows happen to lie.
  const stories = (data.study?.stimuli ?? [...judged.values()].map(([first]): Shown => first!)).toSorted(
    (one, other) => (one.stimulus < other.stimulus ? -1 : 1),
  );
  const rows = stories.map((story) => {
    const text = texts.get(story.stimulus);
    const orders = (judged.get(story.stimulus) ?? []).flatMap(({ order }) => order ?? []);
    return {
      ...(text && surfaceOf(text.text, text.title)),
      ...(texts.size === 0 && data.measures.get(story.stimulus)),
      ...(orders.length > 0 && {
        "place in which it was shown": orders.reduce((sum, order) => sum + order, 0) / orders.length,
      }),
    } as Record<string, number>;
  });
  // What is the same for all tells nothing; what some stories lack cannot be compared.
  const names = Object.keys(rows[0] ?? {}).filter(
    (name) => rows.every((row) => name in row) && rows.some((row) => row[name] !== rows[0]![name]),
  );
  return {
    names,
    features: rows.map((row) => names.map((name) => row[name]!)),
    labels: stories.map(({ origin }) => Number(origin === "human")),
    titles: sharedTitles(stories),
  };
}

/**
 * Each pair of two stories once, in the order of their names: what its human story has more of than the other. Before
 * anybody has answered, every human and machine story of a title.
 */
function pairsShown(data: Data): Differences & { readonly means: readonly (readonly [number, number])[] } {
  const texts = new Map(data.study?.stimuli.map((stimulus) => [stimulus.id, stimulus]));
  const lookOf = (story: string): Record<string, number> => {
    const text = texts.get(story);
    return text ? surfaceOf(text.text, text.title) : (data.measures.get(story) ?? {});
  };
  const shown = new Map<string, { human: string; machine: string; title: string }>();
  const units = unitsOf(data.pairs, data);
  for (const [at, pair] of data.pairs.entries()) {
    const { leftStory, rightStory, humanSide, left, right } = pair;
    if (leftStory === undefined || rightStory === undefined) continue;
    // Two human stories, or two of models, have no side to tell.
    if ((left === "human") === (right === "human")) continue;
    const [human, machine] = humanSide === "left" ? [leftStory, rightStory] : [rightStory, leftStory];
    shown.set(`${human}\n${machine}`, { human, machine, title: units[at]! });
  }
  if (data.pairs.length === 0) {
    const titled = (data.study?.stimuli ?? []).filter(({ title }) => title !== "");
    for (const [title, own] of groupedBy(titled, (stimulus) => stimulus.title)) {
      for (const human of own.filter(({ origin }) => origin === "human")) {
        for (const { id } of own.filter(({ origin }) => origin === "machine"))
          shown.set(`${human.id}\n${id}`, { human: human.id, machine: id, title });
      }
    }
  }
  const rows = [...shown].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
  const sides = rows.map(({ human, machine }) => [lookOf(human), lookOf(machine)] as const);
  const names = Object.keys(sides[0]?.[0] ?? {}).filter(
    (name) =>
      sides.every(([human, machine]) => name in human && name in machine) &&
      sides.some(([human, machine]) => human[name] !== machine[name]),
  );
  return {
    names,
    features: sides.map(([human, machine]) => names.map((name) => human[name]! - machine[name]!)),
    titles: rows.map(({ title }) => title),
    means: names.map((name) => [
      meanOf(sides.map(([human]) => human[name]!)),
      meanOf(sides.map(([, machine]) => machine[name]!)),
    ]),
  };
}

function sayUnfair(scan: Scanned): string {
  const { best, p } = scan.detection;
  const { readers } = scan;
  const than =
    readers === undefined
      ? "than guessing would"
      : `than readers did (${percentApart(readers, [best.accuracy])})`;
  return `The stories may be unfair: a program that sees only “${best.detector}” ${said(scan, percentApart(best.accuracy, [readers ?? 0.5]))} (${pValue(p)}), more ${than}. A reader could spot the machine by this alone. Fix the stories before trusting the verdict.`;
}

/** What gives the stories away, how far the two sides are apart in it, and what to change by what it is. */
function sayFix({ detection, means }: Scanned, alpha: number): string {
  const leaking = detection.detectors
    .filter(({ detector, p }) => detector !== allTogether && p <= alpha)
    .sort((one, other) => other.accuracy - one.accuracy)
    .map(({ detector }) => detector);
  if (leaking.length === 0) {
    return "No feature does it alone, only all of them together: compare the two sides feature by feature in the description, and take a larger or a tuned model, or examples nearer to the stories.";
  }
  const named = leaking.map((feature) => {
    const [human, machine] = means(feature);
    return `“${feature}” (${printed(human, "number")} on average in human stories, ${printed(machine, "number")} in the machine’s)`;
  });
  return `What gives them away: ${listed(named)}. How to fix it: ${mendingOf(leaking).join("; ")}. Then look here again, before anybody reads.`;
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** A leak that readers did no worse than: it may be what they went by. */
function sayNoBetter(scan: Scanned): string {
  const { best, p } = scan.detection;
  return `The look of the stories does give them away: a program that sees only “${best.detector}” ${said(scan, percent(best.accuracy))} (${pValue(p)}). That is no more than readers reached (${percent(scan.readers ?? 0.5)}), but what gave the stories away to a program may have given them away to readers.`;
}

function sayFair({ detection: { best, p }, readers, does }: Scanned): string {
  const reached = readers === undefined ? "" : `; readers reached ${percent(readers)}`;
  const dealt =
    does === "sorts" ? "with the origins dealt anew at random" : "with the two sides exchanged at random";
  return `The best that a program reaches ${does === "sorts" ? "" : "on pairs "}without reading is ${percent(best.accuracy)}, by “${best.detector}”; ${dealt} the best of all would reach as much with ${pValue(p)}${reached}. The look of the stories is not shown to give them away.`;
}
