import type { Clusters, Judgments } from "../stats/judgments.ts";
import {
  proportionVerdict,
  type StudyVerdict,
  type Verdict,
  type VerdictOptions,
  verdictTest,
} from "../stats/verdict-test.ts";
import { declaredPercent } from "../study/print.ts";
import { methodOf } from "../study/settings/analyse.ts";
import { csv } from "../tables/tables.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Choice, Data, Pair } from "./data.ts";
import { alphaLevelsOf, whyWithheld } from "./interim-analysis.ts";

/** Choices as columns for the tests, with the declared clusters. */
export const asJudgments = (choices: readonly Choice[], data: Pick<Data, "settings">): Judgments => ({
  readers: choices.map(({ participant }) => participant),
  stories: choices.map(({ stimulus }) => stimulus),
  origins: choices.map(({ origin }) => origin),
  correct: choices.map(({ right }) => right),
  clusters: clustersOf(choices, data),
});

/** The declared margin, alpha and weighting, as options of the tests. */
export const testOptions = ({
  settings,
}: Pick<Data, "settings">): VerdictOptions & { readonly alpha: number } => ({
  margin: settings.margin,
  alpha: settings.alpha,
  weighting: methodOf(settings).weighting,
});

/**
 * The clusters in addition to readers and stories. Titles are clusters if some title has several stories; a story without a
 * title is a separate cluster.
 */
export function clustersOf(
  choices: readonly ClusteredAnswer[],
  { settings }: Pick<Data, "settings">,
): Clusters[] {
  return methodOf(settings).clusters.flatMap((name) => {
    if (name !== "title") return [{ name, labels: choices.map((choice) => clusterLabel(choice, name)) }];
    const storyOf = new Map<string, string>();
    const shared = choices.some(({ title = "", stimulus }) => {
      const known = storyOf.get(title);
      storyOf.set(title, stimulus);
      return title !== "" && known !== undefined && known !== stimulus;
    });
    if (!shared) return [];
    const labels = choices.map(({ title = "", stimulus }) =>
      title === "" ? `story ${stimulus}` : `title ${title}`,
    );
    return [{ name, labels }];
  });
}

/** The parts of an answer that can define clusters. */
type ClusteredAnswer = Pick<Choice, "participant" | "stimulus" | "labels" | "form"> &
  Partial<Pick<Choice, "title">>;

const clusterLabel = (choice: ClusteredAnswer, name: string): string =>
  // A reader without a label is a separate cluster.
  choice.labels?.[name] || (name === "form" && choice.form) || `reader ${choice.participant}`;

/**
 * The verdict on choices with the study's margin and alpha (from alpha spending at a declared interim analysis). At an
 * undeclared interim analysis every verdict is inconclusive, with the reason.
 */
export const verdictOnChoices = (choices: readonly Choice[], data: Data): StudyVerdict =>
  withheldVerdict(testOf(choices, data), data);

const testOf = (choices: readonly Choice[], data: Data): StudyVerdict =>
  verdictTest(asJudgments(choices, data), { ...testOptions(data), ...alphaLevelsOf(data) });

function withheldVerdict(test: StudyVerdict, data: Data): StudyVerdict {
  const why = whyWithheld(data);
  if (why === undefined) return test;
  const [overall, human, machine] = [test.overall, test.human, test.machine].map((one) => withheld(one, why));
  return { overall: overall!, human: human!, machine: machine!, together: "inconclusive" };
}

/** A figure of the data that is computed once, for all analyses that use it. */
export function once<Value>(compute: (data: Data) => Value): (data: Data) => Value {
  const known = new WeakMap<Data, { readonly value: Value }>();
  return (data) => {
    const found = known.get(data) ?? { value: compute(data) };
    known.set(data, found);
    return found.value;
  };
}

/** The declared test of all choices, also at an undeclared interim analysis: for its estimates and errors. */
export const declaredTest = once((data) => testOf(data.choices, data));

/** The declared verdict on all choices. */
export const declaredVerdict = once((data) => withheldVerdict(declaredTest(data), data));

/** The declared verdict without any exclusions; undefined if nothing is excluded. */
export const verdictBeforeExclusions = once((data) => {
  const before = data.excluded?.before.choices ?? data.choices;
  return before.length > data.choices.length ? verdictOnChoices(before, data) : undefined;
});

/**
 * The verdict on pairs, or on choices among n stories (all `pairs` have the same n), as in `verdictOnChoices`. Clusters
 * are readers and human stories. The share of correct answers is averaged over the positions of the human story, so that a
 * preference for a position is not skill; guessing gives 1/n. Throws StudyError if the margin reaches 0.
 */
export function verdictOnPairs(pairs: readonly Pair[], data: Data): Verdict {
  const options = pairs[0]?.options ?? 2;
  const { margin } = data.settings;
  if (margin >= 1 / options) {
    throw new StudyError(
      `a margin of ${margin} is too wide for a choice of ${options}: guessing gives ${declaredPercent(1 / options)}`,
      { hint: `declare a margin below ${(1 / options).toFixed(2)}, such as ${(0.4 / options).toFixed(2)}` },
    );
  }
  const test = proportionVerdict(
    {
      correct: pairs.map(scoreOf),
      readers: pairs.map(({ participant }) => participant),
      stories: pairClusters(pairs, data),
      sides: pairs.map(({ humanSide }) => humanSide),
      clusters: clustersOf(pairs, {
        settings: {
          ...data.settings,
          clusters: methodOf(data.settings).clusters.filter((name) => name !== "title"),
        },
      }),
      ...(options > 2 && { places: Array.from({ length: options }, (_, at) => String(at + 1)) }),
    },
    { ...testOptions(data), ...alphaLevelsOf(data), chance: 1 / options },
  );
  const why = whyWithheld(data);
  return why === undefined ? test : withheld(test, why);
}

/** 1 if the human story was found, 0 if not; a tie counts as a guess. */
export const scoreOf = ({ humanSide, chosenSide, options = 2 }: Pair): number =>
  chosenSide === "tie" ? 1 / options : Number(humanSide === chosenSide);

/**
 * The cluster label of each pair. If titles are clusters: the title, else the human story, else the pair. Otherwise the
 * pair. A pair without a name is a separate cluster.
 */
export function pairClusters(pairs: readonly Pair[], { settings }: Pick<Data, "settings">): string[] {
  const byTitle = methodOf(settings).clusters.includes("title");
  return pairs.map(({ title, humanSide, leftStory, rightStory, stimulus }, at) => {
    const shared = byTitle && (title || (humanSide === "left" ? leftStory : rightStory));
    return shared || stimulus || `pair ${at}`;
  });
}

/**
 * Pairs recoded as single judgments, for the tests of reader differences: a pair with the human story on the left becomes
 * a human story, and choosing left becomes saying "human". Ties are left out.
 */
export function pairsAsJudgments(pairs: readonly Pair[], data: Data): Judgments {
  const units = pairClusters(pairs, data);
  const rows = [...pairs.keys()].filter((at) => pairs[at]!.chosenSide !== "tie");
  return {
    readers: rows.map((at) => pairs[at]!.participant),
    stories: rows.map((at) => `${units[at]} ${pairs[at]!.humanSide}`),
    origins: rows.map((at) => (pairs[at]!.humanSide === "left" ? "human" : "machine")),
    correct: rows.map((at) => pairs[at]!.humanSide === pairs[at]!.chosenSide),
  };
}

const withheld = (verdict: Verdict, reason: string): Verdict => ({
  ...verdict,
  verdict: "inconclusive",
  withinMargin: false,
  reason,
});

/** The analysed judgments with their origins, so that a reviewer can recompute the findings. */
export function choicesCsv({ choices, settings }: Data): string {
  const columns = [
    "participant",
    "form",
    "stimulus",
    "origin",
    "model",
    "title",
    "order",
    "response",
    "ms",
    "confidence",
  ];
  const clusters = methodOf(settings).clusters.filter((name) => !columns.includes(name));
  return csv(
    [...columns, ...clusters],
    choices.map((choice) => ({
      ...choice,
      ...Object.fromEntries(clusters.map((name) => [name, clusterLabel(choice, name)])),
      response: choice.answer,
    })),
  );
}
