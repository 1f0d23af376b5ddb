import { fleissKappa } from "../../stats/agreement.ts";
import { krippendorffAlpha } from "../../stats/krippendorff.ts";
import { type Finding, figure, inSection, sentence, type Table, table } from "../../study/finding.ts";
import { groupedBy } from "../../study/groups.ts";
import { counted, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import { type Cue, testCues } from "../cue-test.ts";
import type { Choice, Data } from "../data.ts";
import {
  type JudgedStory,
  judgedStories,
  outstandingOf,
  outstandingTable,
  outstandingText,
} from "../judged-stories.ts";
import { raterTable } from "../raters.ts";

/** Which measures predict saying "human" and being right, how well readers agree, and which stories stand out. */
export const cues: Analysis = {
  name: "cues",
  question: "What makes readers say “human”, and which stories stand out?",
  needs: ["choices"],
  section: "what moved readers",
  run(data, random) {
    const stories = judgedStories(data);
    if (stories.length === 0) {
      return { findings: [sentence("result", "No story has been judged yet.")], numbers: { stories: 0 } };
    }
    const measured = testCues(stories, data.settings.draws, random);
    const ratings = raterTable(data.choices, ({ answer }) => Number(answer === "human"));
    const agreement = ratings && krippendorffAlpha(ratings, "nominal");
    const fleiss = fleissOf(stories);
    const outstanding = outstandingOf(stories);
    const findings: Finding[] = [
      sentence("result", cuesText(measured, stories, data)),
      ...cueFigure(measured, stories, data),
      ...(measured.length > 0 ? [table("detail", cuesCaption, cuesTable(measured))] : []),
      sentence("result", agreementText(agreement, fleiss)),
      ...confidenceFindings(data.choices),
      ...inSection(
        "stories that stand out",
        sentence("result", outstandingText(outstanding, stories)),
        ...(outstanding.length > 0
          ? [
              table(
                "result",
                `${outstanding.length > mostOutstanding ? `${mostOutstanding} of the ${outstanding.length} stories` : "Stories"} that nearly all readers judged the same way`,
                outstandingTable(extremes(outstanding)),
              ),
            ]
          : []),
      ),
      ...(measured.length > 0 ? [sentence("method", method(measured))] : []),
    ];
    return {
      findings,
      numbers: {
        cues: measured,
        agreement: agreement ?? null,
        fleiss: fleiss ?? null,
        stories: stories.map(({ measures: _, wholeText: __, isClipped: ___, ...story }) => story),
      },
    };
  },
};

/** The report lists at most this many stories that stand out; the appendix has all stories. */
const mostOutstanding = 12;

/** The stories judged wrong most often and right most often. */
const extremes = (outstanding: readonly JudgedStory[]): readonly JudgedStory[] =>
  outstanding.length <= mostOutstanding
    ? outstanding
    : [...outstanding.slice(0, mostOutstanding / 2), ...outstanding.slice(-mostOutstanding / 2)];

/** A measure by its name, with the words that say what was measured if readers saw less than the whole text. */
const measureText = (measure: string, stories: readonly JudgedStory[]): string =>
  `“${measure}”${stories.some(({ isClipped, wholeText }) => isClipped && wholeText.has(measure)) ? " of the whole text" : ""}`;

function cuesText(
  measured: readonly Cue[],
  stories: readonly JudgedStory[],
  { settings: { alpha } }: Data,
): string {
  if (measured.length === 0)
    return "Too few stories have measures to look for cues: at least ten are needed, several of them from one source.";
  const shown = measured.filter(({ saidHumanP }) => saidHumanP <= alpha);
  if (shown.length === 0) {
    return `None of ${counted(measured.length, "measure")} is shown to be related to saying “human” among stories from the same source (people, or one model), after correction for all measures. The strongest is ${measureText(measured[0]!.measure, stories)} (rank correlation ${printed(measured[0]!.saidHuman, "number")}, ${pValue(measured[0]!.saidHumanP)}).`;
  }
  const each = shown.map(
    ({ measure, saidHuman, saidHumanP }) =>
      `${saidHuman > 0 ? "more" : "less"} often about those with a higher value of ${measureText(measure, stories)} (rank correlation ${printed(saidHuman, "number")}, ${pValue(saidHumanP)})`,
  );
  return `Among stories from the same source (people, or one model), readers say “human” ${each.join("; ")}.`;
}

/** The strongest cue, one point per story. */
function cueFigure(measured: readonly Cue[], stories: readonly JudgedStory[], { settings }: Data): Finding[] {
  const [strongest] = measured;
  // Where nothing is shown, nothing is drawn.
  if (!strongest || strongest.saidHumanP > settings.alpha) return [];
  const { measure } = strongest;
  return [
    figure(
      "result",
      `The measure most closely related to saying “human”, ${measureText(measure, stories)}, one point for each story`,
      {
        draw: "dots",
        table: {
          columns: [
            { key: "stimulus", label: "Story", format: "text" },
            { key: "origin", label: "By", format: "text" },
            { key: "value", label: measure, format: "number" },
            { key: "saidHuman", label: "Said “human”", format: "percent" },
          ],
          rows: stories
            .filter(({ measures }) => measures[measure] !== undefined)
            .map(({ stimulus, origin, measures, saidHuman, judgments }) => ({
              stimulus,
              origin,
              value: measures[measure]!,
              saidHuman: saidHuman / judgments,
            })),
        },
        encode: { x: "value", y: "saidHuman", group: "origin" },
        labels: { x: measure, y: "Share that said “human”" },
        marks: [{ axis: "y", at: 0.5, label: "half" }],
      },
    ),
  ];
}

const cuesCaption =
  "Every measure of the stories (of the whole text, also where readers saw the first part): rank correlation, within sources, with the share of readers who said “human” and with the share who were right; p-values are corrected for all measures";

const cuesTable = (measured: readonly Cue[]): Table => ({
  columns: [
    { key: "measure", label: "Measure", format: "text" },
    { key: "stories", label: "Stories", format: "integer" },
    { key: "saidHuman", label: "Said “human”", format: "number" },
    { key: "saidHumanP", label: "p", format: "p" },
    { key: "right", label: "Was right", format: "number" },
    { key: "rightP", label: "p", format: "p" },
  ],
  rows: measured.map((cue) => ({ ...cue })),
});

/** Fleiss' kappa needs the same number of judges for each story; undefined otherwise. */
function fleissOf(stories: readonly JudgedStory[]): number | undefined {
  const judged = stories.filter(({ judgments }) => judgments >= 2);
  if (judged.some(({ judgments }) => judgments !== judged[0]!.judgments)) return undefined;
  return fleissKappa(judged.map(({ judgments, saidHuman }) => [saidHuman, judgments - saidHuman]));
}

const agreementText = (alpha: number | undefined, fleiss: number | undefined): string =>
  alpha === undefined
    ? "Agreement cannot be computed: no story was judged by two readers, or all said the same."
    : `Agreement of readers: Krippendorff’s alpha is ${printed(alpha, "number")}${fleiss === undefined ? "" : `, Fleiss’ kappa ${printed(fleiss, "number")}`}; 1 is full agreement, 0 is chance.`;

/** Accuracy by confidence. */
function confidenceFindings(choices: readonly Choice[]): Finding[] {
  const withConfidence = choices.filter(({ confidence }) => confidence !== undefined);
  const levels = [...groupedBy(withConfidence, ({ confidence }) => confidence!)].sort(
    ([one], [other]) => one - other,
  );
  if (levels.length < 2) return [];
  return [
    table("detail", "Accuracy by confidence", {
      columns: [
        { key: "confidence", label: "Confidence", format: "integer" },
        { key: "judgments", label: "Judgments", format: "integer" },
        { key: "right", label: "Right", format: "percent" },
      ],
      rows: levels.map(([confidence, own]) => ({
        confidence,
        judgments: own.length,
        right: own.filter((choice) => choice.right).length / own.length,
      })),
    }),
  ];
}

const method = (measured: readonly Cue[]): string =>
  `For ${counted(measured[0]!.stories, "story", "stories")}, each of ${measured.length} measures was correlated (by rank, within each source: people, or one model) with the share of readers who said “human” and with the share who were right. For p-values, readers’ answers were permuted among titles, with all stories of a title together, or among the stories of a source if titles are not shared; p is the share of permutations in which the strongest of all measures is at least as strong (Westfall and Young 1993).`;
