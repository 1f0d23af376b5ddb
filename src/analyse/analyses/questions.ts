import { conclusionOf } from "../../stats/claim.ts";
import { krippendorffAlpha } from "../../stats/krippendorff.ts";
import { holm } from "../../stats/multiple-tests.ts";
import type { Verdict } from "../../stats/verdict-test.ts";
import { type Finding, figure, sentence, type Table, table } from "../../study/finding.ts";
import { groupedBy } from "../../study/groups.ts";
import {
  capital,
  counted,
  declaredPercent,
  percent,
  percentRange,
  printed,
  pValue,
} from "../../study/print.ts";
import { levelsOf } from "../../tasks/items.ts";
import { taskNamed } from "../../tasks/tasks.ts";
import { marginMarks } from "../accuracy-figure.ts";
import type { Analysis } from "../analysis.ts";
import type { Data, PickedOptions, Preference, StoryText } from "../data.ts";
import { alphaLevelsOf, whyWithheld } from "../interim-analysis.ts";
import { verdictOnPairs } from "../judged.ts";
import { type Rated, ratedOf, withHolm } from "../rated.ts";
import { raterTable } from "../raters.ts";
import { strengthFindings, strengthsOf } from "../strengths.ts";

/** The study's own questions: shares of chosen options, which of two stories is better, and free texts. */
export const questions: Analysis = {
  name: "questions",
  question: "What did readers answer to the study’s own questions?",
  needs: ["picks", "preferences", "texts"],
  section: "what moved readers",
  run(data) {
    const { picks = [], preferences = [], texts = [] } = data;
    const options = optionsOf(picks, data);
    const compared = comparisonsOf(preferences, data);
    if (picks.length + preferences.length + texts.length === 0)
      return { findings: [sentence("result", "Nobody has answered these questions yet.")], numbers: {} };
    // Where readers are asked nothing that has a verdict of its own, the first of these questions carries it.
    const leads = !(["choices", "pairs", "ratings"] as const).some((kind) => data.questionKinds.has(kind));
    const lead = (finding: Finding, at: number): Finding =>
      leads && at === 0 ? { ...finding, role: "verdict" } : finding;
    const results = [
      ...compared.map((one) => sentence("result", comparisonText(one, data))),
      ...[...groupedBy(options, ({ task }) => task).values()].map((own) =>
        sentence("result", optionsText(own, data)),
      ),
    ];
    return {
      findings: [
        ...results.map(lead),
        ...comparisonFindings(compared, data),
        ...optionFindings(options, picks, data),
        ...textFindings(texts),
        ...(options.length + compared.length > 0 ? [sentence("method", method(data))] : []),
      ],
      numbers: {
        ...Object.fromEntries(options.map(({ task, option, rated }) => [`${task}: ${option}`, rated])),
        ...Object.fromEntries(compared.map(({ task, test, ties }) => [task, { ...test, ties }])),
      },
    };
  },
};

/** The name of a question or option in the report: `story-kind` as “Story kind”. */
const nameOf = (task: string): string => capital(task.replaceAll("-", " "));

// ---- Options.

/** One option of a question: the share of stories for which it was chosen. */
interface Option {
  readonly task: string;
  readonly option: string;
  readonly rated: Rated;
}

/** A share is a mean of zeros and ones; its margin is that of accuracy. */
function optionsOf(picks: readonly PickedOptions[], data: Data): Option[] {
  const scale = { low: 0, high: 1, declared: true };
  const all = [...groupedBy(picks, ({ task }) => task)].flatMap(([task, own]) =>
    testedOptions(task, own).map((option) => ({
      task,
      option,
      rated: ratedOf(
        task,
        own.map((one) => ({ ...one, rating: Number(one.chosen.includes(option)) })),
        data,
        { scale, margin: data.settings.margin },
      ),
    })),
  );
  const corrected = withHolm(
    all.map(({ rated }) => rated),
    data,
  );
  return all.map((one, at) => ({ ...one, rated: corrected[at]! }));
}

/** The options of a question. Of two, of which one can be chosen, the second says nothing that the first does not. */
function testedOptions(task: string, own: readonly PickedOptions[]): string[] {
  const item = taskNamed(task)
    ?.plainItems()
    .find(({ name }) => name === "answer");
  const given = [...new Set(own.flatMap(({ chosen }) => chosen))].sort();
  if (item?.kind === "several") return item.options.map(([value]) => value);
  const known = item?.kind === "choice" ? levelsOf(item) : given;
  const isSingle = own.every(({ chosen }) => chosen.length === 1);
  return known.length === 2 && isSingle ? [known[0]!] : [...known];
}

function optionsText(own: readonly Option[], data: Data): string {
  const [first] = own;
  const begin = `${nameOf(first!.task)}: ${counted(first!.rated.ratings, "answer")}`;
  const why = whyWithheld(data);
  if (why !== undefined) return `${begin}; no verdict yet, because ${why}.`;
  const named = (wanted: string) =>
    own.filter(({ rated }) => conclusionText(rated) === wanted).map(({ option }) => `“${option}”`);
  const [equivalent, open] = ["equivalent", "inconclusive"].map(named);
  const parts = [
    ...own
      .filter(({ rated }) => rated.difference?.verdict === "different")
      .map(({ option, rated }) => differenceText(option, rated)),
    ...(equivalent!.length > 0 ? [`${equivalent!.join(", ")}: equivalent`] : []),
    ...(open!.length > 0 ? [`${open!.join(", ")}: inconclusive`] : []),
  ];
  if (parts.length === 0) return `${begin}, of one kind of story only, so there is nothing to compare.`;
  return `${begin}. ${capital(parts.join("; "))}.`;
}

function differenceText(option: string, { difference, groups }: Rated): string {
  const share = (of: string) => percent(groups.find((group) => group.of === of)?.estimate ?? 0);
  const within = difference!.withinMargin ? " (different, but within the margin)" : "";
  return `“${option}” is chosen for ${share("Human stories")} of human and ${share("Machine stories")} of machine stories${within}`;
}

const conclusionText = ({ difference }: Rated): string => {
  if (!difference) return "nothing to compare";
  return difference.verdict === "different" && difference.withinMargin
    ? "different, within the margin"
    : difference.verdict;
};

function optionFindings(options: readonly Option[], picks: readonly PickedOptions[], data: Data): Finding[] {
  if (options.length === 0) return [];
  const shares = sharesTable(options);
  const level = Math.round(data.settings.level * 100);
  return [
    table(
      "result",
      `Chosen options: their shares, the difference between human and machine stories with its interval, the odds ratio, and the verdict${options.length > 1 ? `; p-values corrected by Holm over ${options.length} options` : ""}`,
      shares,
    ),
    ...[...groupedBy(options, ({ task }) => task)].flatMap(([task, own]) => [
      sharesFigure(task, own, level),
      sentence("detail", agreementText(task, picks)),
    ]),
  ];
}

function sharesTable(options: readonly Option[]): Table {
  return {
    columns: [
      { key: "question", label: "Question", format: "text" },
      { key: "option", label: "Option", format: "text" },
      { key: "human", label: "Human stories", format: "percent" },
      { key: "machine", label: "Machine stories", format: "percent" },
      { key: "difference", label: "Difference", format: "percent" },
      { key: "low", label: "Interval", format: "percent" },
      { key: "high", label: "to", format: "percent" },
      { key: "odds", label: "Odds ratio", format: "number" },
      { key: "equivalence_p", label: "p, equivalence", format: "p" },
      { key: "difference_p", label: "p, difference", format: "p" },
      { key: "verdict", label: "Verdict", format: "text" },
    ],
    rows: options.map(({ task, option, rated }) => {
      const { difference, groups, ordinal } = rated;
      const known = difference !== undefined && difference.degrees > 0;
      const share = (of: string) => groups.find((group) => group.of === of)?.estimate ?? null;
      return {
        question: nameOf(task),
        option,
        human: share("Human stories"),
        machine: share("Machine stories"),
        difference: difference?.estimate ?? null,
        low: known ? Math.max(-1, difference.interval.low) : null,
        high: known ? Math.min(1, difference.interval.high) : null,
        odds: "odds" in ordinal ? ordinal.odds : null,
        equivalence_p: known && !rated.tooWide ? difference.equivalenceHolm : null,
        difference_p: known ? difference.differenceHolm : null,
        verdict: conclusionText(rated),
      };
    }),
  };
}

/** The share of each option for human stories, machine stories and each model. */
function sharesFigure(task: string, own: readonly Option[], level: number): Finding {
  return figure(
    "result",
    `${nameOf(task)}: how often each option was chosen, with ${level} % intervals clustered by reader and by story`,
    {
      draw: "intervals",
      table: {
        columns: [
          { key: "of", label: "Option", format: "text" },
          { key: "share", label: "Share", format: "percent" },
          { key: "low", label: "Interval", format: "percent" },
          { key: "high", label: "to", format: "percent" },
          { key: "answers", label: "Answers", format: "integer" },
        ],
        rows: own.flatMap(({ option, rated }) =>
          rated.groups.map(({ of, group, estimate, interval, standardError, observations }) => {
            const known = Number.isFinite(standardError) && standardError > 0;
            return {
              of: `${option}: ${of.charAt(0).toLowerCase()}${of.slice(1)}`,
              group,
              share: estimate,
              low: known ? interval.low : null,
              high: known ? interval.high : null,
              answers: observations,
            };
          }),
        ),
      },
      encode: { x: "share", low: "low", high: "high", y: "of", group: "group" },
      labels: { x: "Share of answers" },
    },
  );
}

/** Nominal agreement; of questions with several answers that of each combination. */
function agreementText(task: string, picks: readonly PickedOptions[]): string {
  const own = picks.filter((one) => one.task === task);
  const codes = [...new Set(own.map(({ chosen }) => chosen.join("|")))];
  const ratings = raterTable(own, ({ chosen }) => codes.indexOf(chosen.join("|")));
  const alpha = ratings && krippendorffAlpha(ratings, "nominal");
  return alpha === undefined
    ? `${nameOf(task)}: agreement cannot be computed, because no story was judged by two readers or all answers are the same.`
    : `${nameOf(task)}: agreement of readers is ${printed(alpha, "number")} (Krippendorff’s alpha, nominal); 1 is full agreement, 0 is chance.`;
}

// ---- Which of two stories is better.

interface Comparison {
  readonly task: string;
  readonly own: readonly Preference[];
  /** The share of comparisons in which the human story is better; p-values corrected by Holm over the criteria. */
  readonly test: Verdict;
  readonly ties: number;
}

function comparisonsOf(preferences: readonly Preference[], data: Data): Comparison[] {
  const criteria = [...groupedBy(preferences, ({ task }) => task)];
  const tests = criteria.map(([, own]) => verdictOnPairs(own, data));
  const equivalence = holm(tests.map(({ equivalenceP }) => equivalenceP));
  const difference = holm(tests.map(({ differenceP }) => differenceP));
  return criteria.map(([task, own], at) => ({
    task,
    own,
    test: { ...tests[at]!, equivalenceP: equivalence[at]!, differenceP: difference[at]! },
    ties: own.filter(({ chosenSide }) => chosenSide === "tie").length,
  }));
}

function comparisonConclusion({ test }: Comparison, data: Data): string {
  const errors = alphaLevelsOf(data);
  if (test.degrees === 0 || whyWithheld(data) !== undefined) return "inconclusive";
  const conclusion = conclusionOf(test, errors);
  const isWithin = test.equivalenceP <= errors.equivalenceAlpha;
  return conclusion === "different" && isWithin ? "different, within the margin" : conclusion;
}

function comparisonText(one: Comparison, data: Data): string {
  const { task, own, test, ties } = one;
  const begin = `${nameOf(task)}: ${counted(own.length, "comparison")}${ties > 0 ? `, ${counted(ties, "tie")}` : ""}`;
  const why = whyWithheld(data);
  if (why !== undefined) return `${begin}; no verdict yet, because ${why}.`;
  if (test.estimate === undefined || test.degrees === 0)
    return `${begin}. Inconclusive, because ${test.reason}.`;
  const { margin } = data.settings;
  const level = Number(((1 - alphaLevelsOf(data).alpha) * 100).toPrecision(4));
  return `${begin}. The human story is preferred in ${percent(test.estimate)} (${level} % interval ${percentRange(test.interval, [0.5 - margin, 0.5, 0.5 + margin])}; a tie counts as half): ${comparisonConclusion(one, data)}. Equivalence within ${declaredPercent(0.5 - margin)} to ${declaredPercent(0.5 + margin)}: ${pValue(test.equivalenceP)}; difference: ${pValue(test.differenceP)}.`;
}

function comparisonFindings(compared: readonly Comparison[], data: Data): Finding[] {
  if (compared.length === 0) return [];
  const level = Number(((1 - alphaLevelsOf(data).alpha) * 100).toPrecision(4));
  return [
    figure(
      "result",
      `How often the human story is preferred, averaged over the sides where it was shown, with ${level} % intervals clustered by reader and by story; a tie counts as half`,
      {
        draw: "intervals",
        table: comparisonTable(compared, data),
        encode: { x: "share", low: "low", high: "high", y: "of" },
        labels: { x: "Share with the human story preferred" },
        marks: marginMarks(data.settings.margin, 0.5),
      },
    ),
    ...compared.flatMap(({ task, own }) =>
      strengthFindings(strengthsOf(own, data.settings.level), {
        chosen: "being preferred",
        name: nameOf(task),
      }),
    ),
  ];
}

function comparisonTable(compared: readonly Comparison[], data: Data): Table {
  return {
    columns: [
      { key: "of", label: "Criterion", format: "text" },
      { key: "comparisons", label: "Comparisons", format: "integer" },
      { key: "human", label: "Human better", format: "percent" },
      { key: "machine", label: "Machine better", format: "percent" },
      { key: "tie", label: "No difference", format: "percent" },
      { key: "share", label: "Human preferred, ties as half", format: "percent" },
      { key: "low", label: "Interval", format: "percent" },
      { key: "high", label: "to", format: "percent" },
      { key: "equivalence_p", label: "p, equivalence", format: "p" },
      { key: "difference_p", label: "p, difference", format: "p" },
      { key: "verdict", label: "Verdict", format: "text" },
    ],
    rows: compared.map((one) => {
      const { task, own, test, ties } = one;
      const known = test.degrees > 0;
      const human = own.filter(({ chosenSide, humanSide }) => chosenSide === humanSide).length;
      return {
        of: nameOf(task),
        comparisons: own.length,
        human: human / own.length,
        machine: (own.length - human - ties) / own.length,
        tie: ties / own.length,
        share: test.estimate ?? null,
        low: known ? test.interval.low : null,
        high: known ? test.interval.high : null,
        equivalence_p: known ? test.equivalenceP : null,
        difference_p: known ? test.differenceP : null,
        verdict: comparisonConclusion(one, data),
      };
    }),
  };
}

// ---- Free text.

/** All texts as they were written, by question and story. */
const textFindings = (texts: readonly StoryText[]): Finding[] =>
  [...groupedBy(texts, ({ task }) => task)].map(([task, own]) =>
    table(
      "detail",
      `${nameOf(task)}: ${counted(own.length, "answer")} as written; remove what identifies a person before you share them`,
      {
        columns: [
          { key: "story", label: "Story", format: "text" },
          { key: "origin", label: "Written by", format: "text" },
          { key: "text", label: "Answer", format: "text" },
        ],
        rows: own
          .map(({ stories, text }) => ({
            story: [...new Set(stories.map(({ title, stimulus }) => title || stimulus))].join(" and "),
            origin: stories.map(({ origin, model }) => model || origin).join(" and "),
            text,
          }))
          .sort((one, other) => (one.story < other.story ? -1 : Number(one.story > other.story))),
      },
    ),
  );

const method = ({ settings: { margin, alpha } }: Data): string =>
  `Shares of chosen options are means of zeros and ones, analysed as ratings are: intervals clustered by reader, by story and by shared title, equivalence of human and machine stories within ${declaredPercent(margin)} by two one-sided tests (TOST) at alpha ${alpha}, and odds ratios from a logistic model with the same clusters. Preferences between two stories are analysed as choices of the human story in a pair, with a tie as half a choice, and with Bradley–Terry strengths of the sources. p-values of all options, and of all criteria, are corrected by Holm.`;
