import type { Clusters, Judgments } from "../stats/judgments.ts";
import {
  proportionVerdict,
  type StudyVerdict,
  type Verdict,
  type VerdictOptions,
  verdictTest,
} from "../stats/verdict-test.ts";
import { methodOf } from "../study/settings/analyse.ts";
import { csv } from "../workbench/tables.ts";
import type { Choice, Data, Pair } from "./data.ts";
import { errorsOf, whyWithheld } from "./look.ts";

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
 * What judgments repeat by beside readers and stories. Titles count where a title has several stories; a story without
 * one is its own.
 */
export function clustersOf(choices: readonly Choice[], { settings }: Pick<Data, "settings">): Clusters[] {
  return methodOf(settings).clusters.flatMap((name) => {
    if (name !== "title") return [{ name, labels: choices.map((choice) => labelOf(choice, name)) }];
    const storyOf = new Map<string, string>();
    const shared = choices.some(({ title, stimulus }) => {
      const known = storyOf.get(title);
      storyOf.set(title, stimulus);
      return title !== "" && known !== undefined && known !== stimulus;
    });
    const labels = choices.map(({ title, stimulus }) =>
      title === "" ? `story ${stimulus}` : `title ${title}`,
    );
    return shared ? [{ name, labels }] : [];
  });
}

const labelOf = (choice: Choice, name: string): string =>
  // A reader who left before saying belongs to nobody else.
  choice.labels?.[name] || (isKnown(name) && choice[name]) || `reader ${choice.participant}`;

const isKnown = (name: string): name is "form" | "example" | "model" =>
  ["form", "example", "model"].includes(name);

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
 * The verdict on pairs, as `verdictOnChoices`; a pair is the unit that repeats, as a story does, and the share is
 * the mean over the sides on which the human story stood, so that a preference for a side is no skill.
 */
export function verdictOnPairs(pairs: readonly Pair[], data: Data): Verdict {
  const test = proportionVerdict(
    {
      correct: pairs.map(({ humanSide, chosenSide }) => humanSide === chosenSide),
      readers: pairs.map(({ participant }) => participant),
      // Pairs that a table does not name are each their own.
      stories: pairs.map(({ stimulus }, at) => stimulus || `pair ${at}`),
      sides: pairs.map(({ humanSide }) => humanSide),
    },
    { ...testOptions(data), ...errorsOf(data) },
  );
  const why = whyWithheld(data);
  return why === undefined ? test : withheld(test, why);
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
      ...Object.fromEntries(
        clusters.map((name) => [name, name === "title" ? choice.title : labelOf(choice, name)]),
      ),
      response: choice.answer,
    })),
  );
}
