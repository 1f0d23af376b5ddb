import { binomialCdf } from "../stats/binomial.ts";
import { type Finding, sentence, type Table, table } from "../study/finding.ts";
import { listed, printed } from "../study/print.ts";
import { type Choice, type Data, type Origin, readersOf } from "./data.ts";

/** The 2022 study's requirements for the claim that readers cannot tell. */
const minPeople = 100;
const questions = 6;

/**
 * The rule of the 2022 study, reported for comparison: at least 100 people with a mean score of at most 3 of 6, and at
 * most 1.5 of 3 for each kind of story. Also why it cannot support the claim: readers who guess meet it about half of the
 * time, and its limit for each kind mixes bias with skill.
 */
export function rule2022({ choices }: Data): { findings: Finding[]; numbers: Record<string, unknown> } {
  const readers = readersOf(choices).length;
  const halves = (["all", "human", "machine"] as const).map((of) => ({ of, share: shareOf(choices, of) }));
  const met = readers >= minPeople && halves.every(({ share }) => share !== undefined && share <= 0.5);
  const odds = [0.5, 0.52].map(probabilityOfMeeting);
  const findings = [
    sentence(
      "detail",
      `The 2022 rule (at least ${minPeople} people with a mean score of at most half, also for each kind of story) is ${met ? "met" : `not met: ${whyNotMet(readers, halves)}`}. The rule cannot support the claim that readers cannot tell. With ${minPeople} people and ${questions} stories each, its limit for all stories is met with probability ${odds[0]!.overall.toFixed(3)} by readers who guess and ${odds[1]!.overall.toFixed(3)} by readers who are right 52 % of the time; with the limits for each kind, ${odds[0]!.withHalves.toFixed(3)} and ${odds[1]!.withHalves.toFixed(3)}. These limits also mix bias with skill: a reader who says “human” to 60 % of all stories scores 1.8 of 3 on human stories, with d′ = 0.`,
    ),
    table("detail", "The 2022 rule", ruleTable(readers, halves)),
  ];
  return { findings, numbers: { met, readers, halves, oddsOfMeeting: odds } };
}

/** Why the rule is not met, with the figures. */
function whyNotMet(readers: number, halves: readonly Half[]): string {
  const [all, ...kinds] = halves;
  const tooHigh = [
    ...(all?.share !== undefined && all.share > 0.5
      ? [`the mean score is too high (${printed(all.share * questions, "number")} of ${questions})`]
      : []),
    ...kinds
      .filter(({ share }) => share !== undefined && share > 0.5)
      .map(
        ({ of, share }) =>
          `the mean score on ${of} stories is too high (${printed(share! * (questions / 2), "number")} of ${questions / 2})`,
      ),
    ...halves
      .filter(({ share }) => share === undefined)
      .map(({ of }) => (of === "all" ? "there are no judgments" : `no ${of} stories were judged`)),
  ];
  const count = `${readers} of at least ${minPeople}`;
  if (readers < minPeople) return [`too few people (${count})`, ...tooHigh].join("; ");
  return `enough people (${count}), but ${listed(tooHigh)}`;
}

/** The probability that independent judgments, right with probability `accuracy`, meet the rule. */
export function probabilityOfMeeting(accuracy: number): {
  accuracy: number;
  overall: number;
  withHalves: number;
} {
  const judgments = minPeople * questions;
  // At most half of each kind implies at most half of all.
  const half = binomialCdf(judgments / 4, judgments / 2, accuracy);
  return { accuracy, overall: binomialCdf(judgments / 2, judgments, accuracy), withHalves: half * half };
}

/** The share of right answers for all stories, or for one origin; undefined without judgments. */
interface Half {
  readonly of: string;
  readonly share: number | undefined;
}

function shareOf(choices: readonly Choice[], of: Origin | "all"): number | undefined {
  const own = choices.filter(({ origin }) => of === "all" || origin === of);
  return own.length === 0 ? undefined : own.filter(({ right }) => right).length / own.length;
}

function ruleTable(readers: number, halves: readonly Half[]): Table {
  return {
    columns: [
      { key: "requirement", label: "Requirement", format: "text" },
      { key: "found", label: "Found", format: "text" },
      { key: "met", label: "Met", format: "text" },
    ],
    rows: [
      { requirement: `at least ${minPeople} people`, found: String(readers), met: readers >= minPeople },
      ...halves.map(({ of, share }) => ({
        requirement: `a mean score of at most ${of === "all" ? "3 of 6" : "1.5 of 3"}, ${of} stories`,
        found: share === undefined ? "none judged" : scoreOf(share, of === "all" ? 6 : 3),
        met: share === undefined ? null : share <= 0.5,
      })),
    ],
  };
}

/** Score and share with two decimals, as the 2022 study printed them. */
const scoreOf = (share: number, most: number): string =>
  `${printed(share * most, "number")} (${(100 * share).toFixed(2)} % right)`;
