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
import { errorsOf, whyWithheld } from "./interim-analysis.ts";

/** Choices as the columns that the tests read, with the clusters that the settings declare. */
export const asJudgments = (choices: readonly Choice[], data: Pick<Data, "settings">): Judgments => ({
  readers: choices.map(({ participant }) => participant),
  stories: choices.map(({ stimulus }) => stimulus),
  origins: choices.map(({ origin }) => origin),
  correct: choices.map(({ right }) => right),
  clusters: clustersOf(choices, data),
});

/** Margin, errors and weighing that the settings declare, as the tests take them. */
export const testOptions = ({
  settings,
}: Pick<Data, "settings">): VerdictOptions & { readonly alpha: number } => ({
  margin: settings.margin,
  alpha: settings.alpha,
  weigh: methodOf(settings).weigh,
});

/**
 * What judgments repeat by besides readers and stories. Titles count where a title has several stories; a story without
 * one is its own.
 */
export function clustersOf(choices: readonly Labelled[], { settings }: Pick<Data, "settings">): Clusters[] {
  return methodOf(settings).clusters.flatMap((name) => {
    if (name !== "title") return [{ name, labels: choices.map((choice) => labelOf(choice, name)) }];
    const storyOf = new Map<string, string>();
    const shared = choices.some(({ title = "", stimulus }) => {
      const known = storyOf.get(title);
      storyOf.set(title, stimulus);
      return title !== "" && known !== undefined && known !== stimulus;
    });
    const labels = choices.map(({ title = "", stimulus }) =>
      title === "" ? `story ${stimulus}` : `title ${title}`,
    );
    return shared ? [{ name, labels }] : [];
  });
}

/** What of an answer clusters may be made of. */
type Labelled = Pick<Choice, "participant" | "stimulus" | "labels" | "form"> & Partial<Pick<Choice, "title">>;

const labelOf = (choice: Labelled, name: string): string =>
  // A reader who left before saying belongs to nobody else.
  choice.labels?.[name] || (name === "form" && choice.form) || `reader ${choice.participant}`;

/**
 * The verdict on choices, at the margin and the errors of a study: of alpha spending at a declared look before the
 * planned end. At a look that was not declared every verdict is withheld as inconclusive, with the reason.
 */
export function verdictOnChoices(choices: readonly Choice[], data: Data): StudyVerdict {
  const test = verdictTest(asJudgments(choices, data), { ...testOptions(data), ...errorsOf(data) });
  const why = whyWithheld(data);
  if (why === undefined) return test;
  const [overall, human, machine] = [test.overall, test.human, test.machine].map((one) => withheld(one, why));
  return { overall: overall!, human: human!, machine: machine!, together: "inconclusive" };
}

/**
 * The verdict on pairs, or on choices of one of so many (`pairs` all have as many), as `verdictOnChoices`. What repeats
 * are readers and human stories with all that they were shown with; the share is the mean over the places where the
 * human story stood, so that a preference for a place is no skill, and guessing gives one in so many. Throws StudyError
 * where the margin leaves no share outside it.
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
      stories: unitsOf(pairs, data),
      sides: pairs.map(({ humanSide }) => humanSide),
      clusters: clustersOf(pairs, {
        settings: {
          ...data.settings,
          clusters: methodOf(data.settings).clusters.filter((name) => name !== "title"),
        },
      }),
      ...(options > 2 && { places: Array.from({ length: options }, (_, at) => String(at + 1)) }),
    },
    { ...testOptions(data), ...errorsOf(data), chance: 1 / options },
  );
  const why = whyWithheld(data);
  return why === undefined ? test : withheld(test, why);
}

/** 1 where the human story was found, 0 where it was not; a tie counts as a guess. */
export const scoreOf = ({ humanSide, chosenSide, options = 2 }: Pair): number =>
  chosenSide === "tie" ? 1 / options : Number(humanSide === chosenSide);

/**
 * What pairs have in common, one label each: the title, or the human story, or else the pair, where the settings count
 * titles as clusters; else the pair alone. Pairs that a table does not name are each their own.
 */
export function unitsOf(pairs: readonly Pair[], { settings }: Pick<Data, "settings">): string[] {
  const byTitle = methodOf(settings).clusters.includes("title");
  return pairs.map(({ title, humanSide, leftStory, rightStory, stimulus }, at) => {
    const shared = byTitle && (title || (humanSide === "left" ? leftStory : rightStory));
    return shared || stimulus || `pair ${at}`;
  });
}

/**
 * Pairs as single judgments: a pair with the human story on the left stands for a human story, and choosing left for
 * saying "human", so that what is known of readers who judge single stories is known of them. Ties are left out.
 */
export function pairsAsJudgments(pairs: readonly Pair[], data: Data): Judgments {
  const units = unitsOf(pairs, data);
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

/** The judgments that the findings stand on, origins among them: what a reviewer needs to compute them anew. */
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
      ...Object.fromEntries(clusters.map((name) => [name, labelOf(choice, name)])),
      response: choice.answer,
    })),
  );
}
