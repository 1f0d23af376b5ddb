import { verdictTest } from "../../stats/verdict-test.ts";
import { type Finding, figure, sentence } from "../../study/finding.ts";
import { groupedBy } from "../../study/groups.ts";
import { counted, listed, percent, percentApart, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import type { Data, Shown } from "../data.ts";
import { allTogether, type Detection, detect, type Labelled } from "../detector.ts";
import { asJudgments, testOptions } from "../judged.ts";
import { mendingOf } from "../mending.ts";
import { surfaceOf } from "../surface.ts";

/** Whether the look of the stories gives their origin away: the best that a program reaches without reading. */
export const leaks: Analysis = {
  name: "leaks",
  asks: "Does the look of the stories give them away?",
  needs: ["choices"],
  beforeData: true,
  run(data, random) {
    const stories = labelledStories(data);
    const detection = stories.names.length > 0 ? detect(stories, random) : undefined;
    if (!detection) {
      const why =
        stories.names.length === 0
          ? "the table says nothing of the stories beside their origin"
          : `${counted(stories.labels.length, "story", "stories")} are too few`;
      return {
        findings: [
          sentence("result", `Whether the look of the stories gives them away cannot be told: ${why}.`),
        ],
        numbers: { stories: stories.labels.length },
      };
    }
    const readers =
      data.choices.length > 0 ? verdictTest(asJudgments(data.choices, data), testOptions(data)) : undefined;
    const accuracy = readers?.overall.estimate;
    const shown = detection.p <= data.settings.alpha;
    const beats = shown && detection.best.accuracy > (accuracy ?? 0.5);
    const findings: Finding[] = [
      beats
        ? sentence("warning", sayUnfair(detection, accuracy))
        : sentence("result", shown ? sayNoBetter(detection, accuracy) : sayFair(detection, accuracy)),
      ...(shown
        ? [sentence(beats ? "warning" : "result", sayMending(detection, stories, data.settings.alpha))]
        : []),
      figure("detail", "How many stories a program sorts rightly that has seen only this", {
        draw: "bars",
        table: {
          columns: [
            { key: "detector", label: "By", format: "text" },
            { key: "accuracy", label: "Sorted rightly", format: "percent" },
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
          ...(accuracy === undefined ? [] : [{ axis: "x" as const, at: accuracy, label: "readers" }]),
        ],
      }),
      sentence("method", method(detection)),
    ];
    return { findings, numbers: { ...detection, readers: accuracy ?? null, beats } };
  },
};

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
  };
}

function sayUnfair({ best, p }: Detection, readers: number | undefined): string {
  const than =
    readers === undefined
      ? "than guessing would"
      : `than readers did (${percentApart(readers, [best.accuracy])})`;
  return `The stories may be unfair: a program that sees only “${best.detector}” sorts ${percentApart(best.accuracy, [readers ?? 0.5])} of them rightly (${pValue(p)}), more ${than}. Whoever notices it needs no taste to win; mend the stories before believing a verdict on them.`;
}

/** What gives the stories away, how far the two sides are apart in it, and what to change by what it is. */
function sayMending({ detectors }: Detection, stories: Labelled, alpha: number): string {
  const leaking = detectors
    .filter(({ detector, p }) => detector !== allTogether && p <= alpha)
    .sort((one, other) => other.accuracy - one.accuracy)
    .map(({ detector }) => detector);
  if (leaking.length === 0) {
    return "No feature does it alone, only all of them together: compare the two sides feature by feature in the description, and take a larger or a tuned model, or examples nearer to the stories.";
  }
  const named = leaking.map((feature) => {
    const column = stories.names.indexOf(feature);
    const [machine, human] = [0, 1].map((label) =>
      meanOf(stories.features.flatMap((row, at) => (stories.labels[at] === label ? row[column]! : []))),
    );
    return `“${feature}” (${printed(human, "number")} on average in human stories, ${printed(machine, "number")} in the machine’s)`;
  });
  return `What gives them away: ${listed(named)}. How to mend it: ${mendingOf(leaking).join("; ")}. Then look here again, before anybody reads.`;
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** A leak that readers did no worse than: it may be what they went by. */
function sayNoBetter({ best, p }: Detection, readers: number | undefined): string {
  return `The look of the stories does give them away: a program that sees only “${best.detector}” sorts ${percent(best.accuracy)} of them rightly (${pValue(p)}). That is no more than readers reached (${percent(readers ?? 0.5)}), but what gave the stories away to a program may have given them away to readers.`;
}

function sayFair({ best, p }: Detection, readers: number | undefined): string {
  const beside = readers === undefined ? "" : `; readers reached ${percent(readers)}`;
  return `The best that a program reaches without reading is ${percent(best.accuracy)}, by “${best.detector}”; with the origins dealt anew at random the best of all would reach as much with ${pValue(p)}${beside}. The look of the stories is not shown to give them away.`;
}

const method = ({ detectors, permutations }: Detection): string =>
  `Leaks were sought with ${detectors.length} cheap detectors (a threshold on each feature of the text’s surface, and a ridge logistic regression on all) by five-fold cross-validated balanced accuracy over stories; each was compared with the best of all in ${permutations} permutations of the origins (Westfall and Young 1993).`;
