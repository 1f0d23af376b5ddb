import type { Random } from "../../stats/random.ts";
import { type Finding, type Findings, figure, sentence } from "../../study/finding.ts";
import { groupedBy } from "../../study/groups.ts";
import { counted, listed, percent, percentApart, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import type { Data, StoryFacts } from "../data.ts";
import {
  allFeatures,
  type Detection,
  detect,
  detectInPairs,
  type LabelledItems,
  type PairDifferences,
} from "../detector.ts";
import { declaredTest, pairClusters, verdictOnPairs } from "../judged.ts";
import { remediesFor } from "../remedies.ts";
import { surfaceFeatures } from "../surface.ts";
import { sharedTitles } from "../titles.ts";

/** Whether surface features reveal the origin of the stories: the accuracy of simple classifiers. */
export const leaks: Analysis = {
  name: "leaks",
  question: "Do surface features give the stories away?",
  needs: ["choices", "pairs"],
  section: "robustness",
  beforeData: true,
  run(data, random) {
    const scans = [
      ...(data.questionKinds.has("choices") ? [scanOfStories(data, random)] : []),
      ...(data.questionKinds.has("pairs") ? [scanOfPairs(data, random.fork("pairs"))] : []),
    ];
    if (scans.length === 0)
      return { findings: [notPossible("no story was asked about")], numbers: { stories: 0 } };
    const [first, ...others] = scans.map((scan) => scanFindings(scan, data.settings.alpha));
    return {
      findings: [first!, ...others].flatMap(({ findings }) => findings),
      numbers: { ...first!.numbers, ...(others[0] && { pairs: others[0].numbers }) },
    };
  },
};

/** A scan of single stories or of pairs, or why there is none. */
type Scan =
  | { readonly detection: undefined; readonly why: string; readonly items: number }
  | {
      readonly detection: Detection;
      /** Whether single stories or pairs are classified. */
      readonly of: "stories" | "pairs";
      readonly readers: number | undefined;
      /** Mean of a feature in human stories and in machine stories. */
      readonly means: (feature: string) => readonly [human: number, machine: number];
      readonly method: string;
    };

const notPossible = (why: string): Finding =>
  sentence("result", `Whether surface features give the stories away cannot be tested: ${why}.`);

function scanOfStories(data: Data, random: Random): Scan {
  const stories = storyFeatures(data);
  const detection = stories.names.length > 0 ? detect(stories, random) : undefined;
  if (!detection) {
    const why =
      stories.names.length === 0
        ? "the table has no measures of the stories"
        : `${counted(stories.labels.length, "story", "stories")} are too few`;
    return { detection, why, items: stories.labels.length };
  }
  const readers = data.choices.length > 0 ? declaredTest(data) : undefined;
  return {
    detection,
    of: "stories",
    readers: readers?.overall.estimate,
    means: (feature) => {
      const column = stories.names.indexOf(feature);
      const [machine, human] = [0, 1].map((label) =>
        meanOf(stories.features.flatMap((row, at) => (stories.labels[at] === label ? row[column]! : []))),
      );
      return [human!, machine!];
    },
    method: `The leak scan uses ${detection.detectors.length} simple classifiers (a threshold on each surface feature, and a ridge logistic regression on all of them) and their five-fold cross-validated balanced accuracy${stories.titles ? ", with folds by title" : ""}. Each was compared with the best classifier in ${detection.permutations} permutations of the origins${stories.titles ? " within titles" : ""} (Westfall and Young 1993).`,
  };
}

/** Pairs are classified by the difference of their two stories, so that an effect of the title cancels. */
function scanOfPairs(data: Data, random: Random): Scan {
  const pairs = pairDifferences(data);
  if (pairs.names.length === 0) {
    const why = "the stories in the pairs have no measures";
    return { detection: undefined, why, items: pairs.titles.length };
  }
  const detection = detectInPairs(pairs, random);
  if (!detection) {
    const why = `${counted(pairs.titles.length, "pair")} of stories, of ${counted(new Set(pairs.titles).size, "title")}, are too few`;
    return { detection, why, items: pairs.titles.length };
  }
  const twoAlternatives = data.pairs.filter(({ options = 2 }) => options === 2);
  return {
    detection,
    of: "pairs",
    readers: twoAlternatives.length > 0 ? verdictOnPairs(twoAlternatives, data).estimate : undefined,
    means: (feature) => pairs.means[pairs.names.indexOf(feature)]!,
    method: `The leak scan of pairs uses ${detection.detectors.length} simple classifiers (the story with the higher or the lower value of a feature, and a ridge logistic regression on all differences) and five-fold cross-validation over pairs, with folds by title. Each was compared with the best classifier in ${detection.permutations} permutations in which the two sides of all pairs of a title are swapped together (Westfall and Young 1993).`,
  };
}

function scanFindings(scan: Scan, alpha: number): Pick<Findings, "findings" | "numbers"> {
  if (scan.detection === undefined)
    return { findings: [notPossible(scan.why)], numbers: { stories: scan.items } };
  const { detection, readers, of } = scan;
  const shown = detection.p <= alpha;
  const beats = shown && detection.best.accuracy > (readers ?? 0.5);
  const findings: Finding[] = [
    beats
      ? sentence("warning", leakText(scan))
      : sentence("result", shown ? leakBelowReadersText(scan) : noLeakText(scan)),
    ...(shown ? [sentence("detail", fixText(scan, alpha))] : []),
    figure(
      "detail",
      `Accuracy of a program that sees only one feature, ${of === "stories" ? "on single stories" : "on pairs"}`,
      {
        draw: "bars",
        table: {
          columns: [
            { key: "detector", label: "Feature", format: "text" },
            { key: "accuracy", label: "Accuracy", format: "percent" },
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

type PossibleScan = Extract<Scan, { readonly of: string }>;

/** `identifies the origin of 80.0 % of the stories`, `finds the human story in 80.0 % of the pairs`. */
const resultText = ({ of }: PossibleScan, share: string): string =>
  of === "stories"
    ? `identifies the origin of ${share} of the stories`
    : `finds the human story in ${share} of the pairs`;

/** Each story once, with its surface features, its measures and its mean position. */
function storyFeatures(data: Data): LabelledItems {
  const texts = new Map(data.study?.stimuli.map((stimulus) => [stimulus.id, stimulus]));
  const judged = groupedBy(data.choices, ({ stimulus }) => stimulus);
  // Sorted by name, so that the folds do not depend on the order of rows.
  const stories = (data.study?.stimuli ?? [...judged.values()].map(([first]): StoryFacts => first!)).toSorted(
    (one, other) => (one.stimulus < other.stimulus ? -1 : 1),
  );
  const rows = stories.map((story) => {
    const text = texts.get(story.stimulus);
    const orders = (judged.get(story.stimulus) ?? []).flatMap(({ order }) => order ?? []);
    return {
      ...(text && surfaceFeatures(text.text, text.title)),
      ...(texts.size === 0 && data.measures.get(story.stimulus)),
      ...(orders.length > 0 && {
        "place in which it was shown": orders.reduce((sum, order) => sum + order, 0) / orders.length,
      }),
    } as Record<string, number>;
  });
  // Only features that every story has and that vary can be compared.
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
 * Each pair of stories once, sorted by name, with its differences human minus machine. Before the first answer: every
 * pair of a human and a machine story with the same title.
 */
function pairDifferences(
  data: Data,
): PairDifferences & { readonly means: readonly (readonly [number, number])[] } {
  const texts = new Map(data.study?.stimuli.map((stimulus) => [stimulus.id, stimulus]));
  const featuresOf = (story: string): Record<string, number> => {
    const text = texts.get(story);
    return text ? surfaceFeatures(text.text, text.title) : (data.measures.get(story) ?? {});
  };
  const shown = new Map<string, { human: string; machine: string; title: string }>();
  const units = pairClusters(data.pairs, data);
  for (const [at, pair] of data.pairs.entries()) {
    const { leftStory, rightStory, humanSide, left, right } = pair;
    if (leftStory === undefined || rightStory === undefined) continue;
    // Two human stories, or two machine stories, have no human side.
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
  const sides = rows.map(({ human, machine }) => [featuresOf(human), featuresOf(machine)] as const);
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

/** A feature in a sentence. */
const featureText = (name: string): string =>
  name === allFeatures ? "the surface features (all together)" : `“${name}”`;

function leakText(scan: PossibleScan): string {
  const { best, p } = scan.detection;
  const { readers } = scan;
  const comparison =
    readers === undefined
      ? "above the 50 % of guessing"
      : `more than readers did (${percentApart(readers, [best.accuracy])})`;
  return `The stories may be unfair: a program that sees only ${featureText(best.detector)} ${resultText(scan, percentApart(best.accuracy, [readers ?? 0.5]))} (${pValue(p)}), ${comparison}. A reader could spot the machine by this alone, so the stories should be changed before the verdict is trusted. The appendix says what to change.`;
}

/** The features that reveal the origin, their means for both origins, and what to change. */
function fixText({ detection, means }: PossibleScan, alpha: number): string {
  const leaking = detection.detectors
    .filter(({ detector, p }) => detector !== allFeatures && p <= alpha)
    .sort((one, other) => other.accuracy - one.accuracy)
    .map(({ detector }) => detector);
  if (leaking.length === 0) {
    return "No single feature does this, only all of them combined. Compare human and machine stories feature by feature in the description, and use a larger or tuned model, or examples closer to the stories.";
  }
  const named = leaking.map((feature) => {
    const [human, machine] = means(feature);
    return `“${feature}” (mean ${printed(human, "number")} in human stories, ${printed(machine, "number")} in machine stories)`;
  });
  return `What gives them away: ${listed(named)}. How to fix it: ${remediesFor(leaking).join("; ")}. Then check this section again before the survey opens.`;
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** A leak where readers did at least as well: they may have used it. */
function leakBelowReadersText(scan: PossibleScan): string {
  const { best, p } = scan.detection;
  return `Surface features give the stories away: a program that sees only ${featureText(best.detector)} ${resultText(scan, percent(best.accuracy))} (${pValue(p)}). Readers reached ${percent(scan.readers ?? 0.5)}, at least as much, and may have used the same feature.`;
}

function noLeakText({ detection: { best, p }, readers, of }: PossibleScan): string {
  const reached = readers === undefined ? "" : `; readers reached ${percent(readers)}`;
  const shuffled = of === "stories" ? "the origins" : "the two sides";
  return `The best of the simple classifiers reaches ${percent(best.accuracy)}${of === "stories" ? "" : " on pairs"}, with ${featureText(best.detector)} (${pValue(p)}, by shuffling ${shuffled})${reached}. Surface features are not shown to give the stories away.`;
}
