import type { Judgments } from "../stats/judgments.ts";
import { proportionVerdict, type StudyVerdict, type Verdict, verdictTest } from "../stats/verdict-test.ts";
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
    { ...data.settings, ...errorsOf(data) },
  );
  const why = whyWithheld(data);
  return why === undefined ? test : withheld(test, why);
}

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
