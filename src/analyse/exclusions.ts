import { median } from "../stats/quantile.ts";
import { groupedBy } from "../study/groups.ts";
import type { ExclusionSettings } from "../study/settings/analyse.ts";
import type {
  BotSignalCounts,
  Choice,
  Data,
  ExcludedBy,
  Pair,
  PickedOptions,
  Preference,
  Rating,
} from "./data.ts";

type AnyAnswer = Choice | Pair | Rating | PickedOptions | Preference;

/** An exclusion rule: which answers it excludes. */
interface Rule {
  readonly name: string;
  excludes(answers: readonly AnyAnswer[], data: Data): ReadonlySet<AnyAnswer>;
}

/** The data after the declared exclusions, with the exclusions by each rule, in the order below. */
export function withoutExcluded(data: Data): Data {
  const { toldChoices = [], picks = [], preferences = [], texts = [] } = data;
  const all: readonly AnyAnswer[] = [
    ...data.choices,
    ...toldChoices,
    ...data.pairs,
    ...data.ratings,
    ...picks,
    ...preferences,
  ];
  const excluded = new Set<AnyAnswer>();
  const rules = rulesOf(data.settings.exclude).map(({ name, excludes }): ExcludedBy => {
    const remaining = all.filter((answer) => !excluded.has(answer));
    const byRule = excludes(remaining, data);
    for (const answer of byRule) excluded.add(answer);
    const after = new Set(
      remaining.filter((answer) => !byRule.has(answer)).map(({ participant }) => participant),
    );
    const readers = new Set(
      [...byRule].map(({ participant }) => participant).filter((reader) => !after.has(reader)),
    );
    return { rule: name, readers: readers.size, answers: byRule.size };
  });
  const gone = new Set([...excluded].map(({ participant }) => participant));
  for (const answer of all) if (!excluded.has(answer)) gone.delete(answer.participant);
  const kept = <T extends AnyAnswer>(answers: readonly T[]) =>
    answers.filter((answer) => !excluded.has(answer));
  return {
    ...data,
    choices: kept(data.choices),
    ...(toldChoices.length > 0 && { toldChoices: kept(toldChoices) }),
    pairs: kept(data.pairs),
    ratings: kept(data.ratings),
    ...(picks.length > 0 && { picks: kept(picks) }),
    ...(preferences.length > 0 && { preferences: kept(preferences) }),
    ...(texts.length > 0 && { texts: texts.filter(({ participant }) => !gone.has(participant)) }),
    excluded: { before: data, rules },
  };
}

function rulesOf(settings: ExclusionSettings): Rule[] {
  const { answerFasterThan, readerFasterThan, straightLining, failedChecks, fewerThan, duplicates } =
    settings;
  const { filledTraps, pastedAnswers } = settings;
  const rules: Rule[] = [];
  if (duplicates) rules.push({ name: "a second answer of one reader to one story", excludes: secondAnswers });
  if (answerFasterThan !== undefined) {
    rules.push({
      name: `an answer given in less than ${answerFasterThan} ms`,
      excludes: (answers) => new Set(answers.filter(({ ms }) => ms !== undefined && ms < answerFasterThan)),
    });
  }
  if (readerFasterThan !== undefined) {
    rules.push({
      name: `a reader whose median time is below ${readerFasterThan} ms`,
      excludes: wholeReaders((own) => {
        const times = own.flatMap(({ ms }) => ms ?? []);
        return times.length > 0 && median(times) < readerFasterThan;
      }),
    });
  }
  if (straightLining !== undefined) {
    rules.push({
      name: `a reader who gave the same answer to all of at least ${straightLining} stories`,
      excludes: wholeReaders((own) => isStraightLining(own, straightLining)),
    });
  }
  if (failedChecks !== undefined) {
    rules.push({
      name: `a reader who failed more than ${failedChecks} attention checks`,
      excludes: wholeReaders((own, { checks }) => {
        const failed = checks.filter(
          ({ participant, passed }) => !passed && participant === own[0]!.participant,
        );
        return failed.length > failedChecks;
      }),
    });
  }
  if (filledTraps !== undefined) {
    rules.push({
      name: `a reader who filled in the hidden field on more than ${filledTraps} pages`,
      excludes: wholeReaders((own, data) => signalsOf(own, data).filledTraps > filledTraps),
    });
  }
  if (pastedAnswers !== undefined) {
    rules.push({
      name: `a reader who pasted text into more than ${pastedAnswers} answers`,
      excludes: wholeReaders((own, data) => signalsOf(own, data).pastedAnswers > pastedAnswers),
    });
  }
  if (fewerThan !== undefined) {
    rules.push({
      name: `a reader who judged fewer than ${fewerThan} stories`,
      excludes: wholeReaders((own) => own.length < fewerThan),
    });
  }
  return rules;
}

const signalsOf = ([first]: readonly AnyAnswer[], { botSignals }: Data): BotSignalCounts =>
  botSignals?.get(first!.participant) ?? { filledTraps: 0, pastedAnswers: 0 };

const wholeReaders =
  (leftOut: (own: readonly AnyAnswer[], data: Data) => boolean): Rule["excludes"] =>
  (answers, data) => {
    const byReader = groupedBy(answers, ({ participant }) => participant);
    return new Set([...byReader.values()].filter((own) => leftOut(own, data)).flat());
  };

/** All but a reader's first answer to a story, in table order. Judging and rating a story are different questions. */
function secondAnswers(answers: readonly AnyAnswer[]): ReadonlySet<AnyAnswer> {
  const seen = new Map<string, Map<string, Set<string>>>();
  return new Set(
    answers.filter((answer) => {
      const { participant, stimulus } = answer;
      // Pairs of a table may have no name; then duplicates cannot be recognised.
      if (stimulus === "") return false;
      const byReader = valueIn(seen, questionOf(answer), () => new Map<string, Set<string>>());
      const stories = valueIn(byReader, participant, () => new Set<string>());
      if (stories.has(stimulus)) return true;
      stories.add(stimulus);
      return false;
    }),
  );
}

function valueIn<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key) ?? make();
  map.set(key, known);
  return known;
}

/** Whether a reader gave the same answer to at least `least` stories of one question, and no other answer. */
export const isStraightLining = (own: readonly AnyAnswer[], least: number): boolean =>
  [...groupedBy(own, questionOf).values()].some(
    (answers) => answers.length >= least && new Set(answers.map(answerIn)).size === 1,
  );

const questionOf = (answer: AnyAnswer): string =>
  "task" in answer ? answer.task : "answer" in answer ? "choice" : "pair";

const answerIn = (answer: AnyAnswer): string | number =>
  "answer" in answer
    ? answer.answer
    : "chosenSide" in answer
      ? answer.chosenSide
      : "chosen" in answer
        ? answer.chosen.join(" ")
        : answer.rating;
