import { binomialCdf } from "../stats/binomial.ts";
import { type Finding, sentence, type Table, table } from "../study/finding.ts";
import { printed } from "../study/print.ts";
import { type Choice, type Data, type Origin, readersOf } from "./data.ts";

/** What the study of 2022 asked for before it would claim that readers cannot tell. */
const people = 100;
const questions = 6;

/**
 * The rule of the 2022 study, because people will ask for it: at least 100 people whose mean score is 3 or less
 * of 6, and 1.5 or less of 3 in each class. Beside it, why it cannot carry the claim: guessing meets it about as
 * often as a coin falls heads, and its half per class mixes bias with skill.
 */
export function rule2022({ choices }: Data): { findings: Finding[]; numbers: Record<string, unknown> } {
  const readers = readersOf(choices).length;
  const halves = (["all", "human", "machine"] as const).map((of) => ({ of, share: shareOf(choices, of) }));
  const met = readers >= people && halves.every(({ share }) => share !== undefined && share <= 0.5);
  const odds = [0.5, 0.52].map(oddsOfMeeting);
  const findings = [
    sentence(
      "detail",
      `The rule of the 2022 study (at least ${people} people, a mean score of at most half, also for each kind of story) is ${met ? "met" : "not met"}: ${readers} of ${people} people. It could not carry the claim anyway. With ${people} people and ${questions} stories each its first half is met with probability ${odds[0]!.overall.toFixed(3)} by readers who guess, and still with ${odds[1]!.overall.toFixed(3)} by readers who are right 52 % of the time; with its halves per kind, ${odds[0]!.withHalves.toFixed(3)} and ${odds[1]!.withHalves.toFixed(3)}. And those halves mix bias with skill: a reader who says “human” to 60 % of whatever is shown scores 1.8 of 3 on human stories, with d′ = 0.`,
    ),
    table("detail", "The rule of the 2022 study, point by point", ruleTable(readers, halves)),
  ];
  return { findings, numbers: { met, readers, halves, oddsOfMeeting: odds } };
}

/** The probability that judgments which are right with probability `accuracy`, all independent, meet the rule. */
export function oddsOfMeeting(accuracy: number): { accuracy: number; overall: number; withHalves: number } {
  const judgments = people * questions;
  // Half of each kind at most is half of all at most, so the halves alone decide.
  const half = binomialCdf(judgments / 4, judgments / 2, accuracy);
  return { accuracy, overall: binomialCdf(judgments / 2, judgments, accuracy), withHalves: half * half };
}

function shareOf(choices: readonly Choice[], of: Origin | "all"): number | undefined {
  const own = choices.filter(({ origin }) => of === "all" || origin === of);
  return own.length === 0 ? undefined : own.filter(({ right }) => right).length / own.length;
}

function ruleTable(
  readers: number,
  halves: readonly { readonly of: string; readonly share: number | undefined }[],
): Table {
  return {
    columns: [
      { key: "asks", label: "The rule asks", format: "text" },
      { key: "found", label: "Found", format: "text" },
      { key: "met", label: "Met", format: "text" },
    ],
    rows: [
      { asks: `at least ${people} people`, found: String(readers), met: readers >= people },
      ...halves.map(({ of, share }) => ({
        asks: `a mean score of at most ${of === "all" ? "3 of 6" : "1.5 of 3"}, ${of} stories`,
        found: share === undefined ? "none judged" : scoreOf(share, of === "all" ? 6 : 3),
        met: share === undefined ? null : share <= 0.5,
      })),
    ],
  };
}

/** Score and share with two decimals each, as that study printed them. */
const scoreOf = (share: number, most: number): string =>
  `${printed(share * most, "number")} (${(100 * share).toFixed(2)} % right)`;
