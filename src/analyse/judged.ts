import type { Judgments } from "../stats/judgments.ts";
import { proportionVerdict, type StudyVerdict, type Verdict, verdictTest } from "../stats/verdict-test.ts";
import { declaredPercent } from "../study/print.ts";
import { StudyError } from "../workbench/errors.ts";
import { csv } from "../workbench/tables.ts";
import type { Choice, Data, Pair } from "./data.ts";
import { errorsOf, whyWithheld } from "./look.ts";

/** Choices as the columns that the tests read. */
export const asJudgments = (choices: readonly Choice[]): Judgments => ({
  readers: choices.map(({ participant }) => participant),
  stories: choices.map(({ stimulus }) => stimulus),
  origins: choices.map(({ origin }) => origin),
  correct: choices.map(({ right }) => right),
});

/**
 * The verdict on choices, at the margin and the errors of a study: of alpha spending at a declared look before the
 * planned end. At a look that was not declared every verdict is withheld as inconclusive, with the reason.
 */
export function verdictOnChoices(choices: readonly Choice[], data: Data): StudyVerdict {
  const test = verdictTest(asJudgments(choices), { ...data.settings, ...errorsOf(data) });
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
      stories: pairs.map(unitOf),
      sides: pairs.map(({ humanSide }) => humanSide),
      ...(options > 2 && { places: Array.from({ length: options }, (_, at) => String(at + 1)) }),
    },
    { ...data.settings, ...errorsOf(data), chance: 1 / options },
  );
  const why = whyWithheld(data);
  return why === undefined ? test : withheld(test, why);
}

/** 1 where the human story was found, 0 where it was not; a tie counts as a guess. */
export const scoreOf = ({ humanSide, chosenSide, options = 2 }: Pair): number =>
  chosenSide === "tie" ? 1 / options : Number(humanSide === chosenSide);

/**
 * What pairs of one human story have in common: its title, or itself, or else the pair. Pairs that a table does not
 * name are each their own.
 */
export const unitOf = ({ title, humanSide, leftStory, rightStory, stimulus }: Pair, at: number): string =>
  title || (humanSide === "left" ? leftStory : rightStory) || stimulus || `pair ${at}`;

const withheld = (verdict: Verdict, reason: string): Verdict => ({
  ...verdict,
  verdict: "inconclusive",
  reason,
});

/** The judgments that the findings stand on, origins among them: what a reviewer needs to compute them anew. */
export const choicesCsv = ({ choices }: Data): string =>
  csv(
    ["participant", "form", "stimulus", "origin", "model", "order", "response", "ms", "confidence"],
    choices.map(({ answer, ...choice }) => ({ ...choice, response: answer })),
  );
