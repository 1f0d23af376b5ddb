import { fleissKappa } from "../../stats/agreement.ts";
import { binomialCdf } from "../../stats/binomial.ts";
import { spearman } from "../../stats/correlation.ts";
import { krippendorffAlpha } from "../../stats/krippendorff.ts";
import { holm } from "../../stats/multiple-tests.ts";
import { type Finding, figure, sentence, type Table, table } from "../../study/finding.ts";
import { counted, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import type { Choice, Data, Shown } from "../data.ts";
import { groupedBy } from "../groups.ts";
import { raterTable } from "../raters.ts";
import { surfaceOf } from "../surface.ts";

/** What makes readers say "human", what makes them right, how far they agree, and the stories that stand out. */
export const cues: Analysis = {
  name: "cues",
  asks: "What makes readers say “human”, and which stories stand out?",
  needs: ["choices"],
  run(data) {
    const stories = judgedStories(data);
    if (stories.length === 0) {
      return { findings: [sentence("result", "No story has been judged yet.")], numbers: { stories: 0 } };
    }
    const measured = cuesOf(stories);
    const ratings = raterTable(data.choices, ({ answer }) => Number(answer === "human"));
    const agreement = ratings && krippendorffAlpha(ratings, "nominal");
    const fleiss = fleissOf(stories);
    const outstanding = outstandingOf(stories);
    const findings: Finding[] = [
      sentence("result", sayCues(measured, data)),
      ...cueFigure(measured, stories),
      ...(measured.length > 0 ? [table("detail", cuesCaption, cuesTable(measured))] : []),
      sentence("result", sayAgreement(agreement, fleiss)),
      ...sayConfidence(data.choices),
      sentence("result", sayOutstanding(outstanding, stories)),
      ...(outstanding.length > 0
        ? [table("result", "Stories that nearly all judged alike", outstandingTable(outstanding))]
        : []),
      ...(measured.length > 0 ? [sentence("method", method(measured))] : []),
    ];
    return {
      findings,
      numbers: {
        cues: measured,
        agreement: agreement ?? null,
        fleiss: fleiss ?? null,
        stories: stories.map(({ measures: _, ...story }) => story),
      },
    };
  },
};

interface JudgedStory extends Shown {
  readonly judgments: number;
  readonly saidHuman: number;
  readonly right: number;
  readonly measures: Readonly<Record<string, number>>;
}

/** Each story that was judged, with its measures; a study's own texts add what their surface shows. */
function judgedStories(data: Data): JudgedStory[] {
  const texts = new Map(data.study?.stimuli.map((stimulus) => [stimulus.id, stimulus]));
  return [...groupedBy(data.choices, ({ stimulus }) => stimulus).values()].map((own) => {
    const { stimulus, origin, model, example, title } = own[0]!;
    const text = texts.get(stimulus);
    return {
      stimulus,
      origin,
      model,
      example,
      title,
      judgments: own.length,
      saidHuman: own.filter(({ answer }) => answer === "human").length,
      right: own.filter((choice) => choice.right).length,
      measures: { ...(text && surfaceOf(text.text, text.title)), ...data.measures.get(stimulus) },
    };
  });
}

interface Cue {
  readonly measure: string;
  readonly stories: number;
  /** Spearman's rank correlation with the share that said "human", and with the share that was right. */
  readonly saidHuman: number;
  readonly saidHumanP: number;
  readonly right: number;
  readonly rightP: number;
}

/** Every measure that varies over ten stories or more; p-values are Holm's, over all measures and both questions. */
function cuesOf(stories: readonly JudgedStory[]): Cue[] {
  const names = [...new Set(stories.flatMap(({ measures }) => Object.keys(measures)))];
  const raw = names.flatMap((measure) => {
    const own = stories.filter(({ measures }) => measures[measure] !== undefined);
    if (own.length < 10) return [];
    const values = own.map(({ measures }) => measures[measure]!);
    const human = spearman(
      values,
      own.map(({ saidHuman, judgments }) => saidHuman / judgments),
    );
    const right = spearman(
      values,
      own.map((story) => story.right / story.judgments),
    );
    if (!human || !right) return [];
    return [{ measure, stories: own.length, human, right }];
  });
  const adjusted = holm(raw.flatMap(({ human, right }) => [human.p, right.p]));
  return raw
    .map(({ measure, stories: count, human, right }, at) => ({
      measure,
      stories: count,
      saidHuman: human.value,
      saidHumanP: adjusted[2 * at]!,
      right: right.value,
      rightP: adjusted[2 * at + 1]!,
    }))
    .sort((one, other) => Math.abs(other.saidHuman) - Math.abs(one.saidHuman));
}

function sayCues(measured: readonly Cue[], { settings: { alpha } }: Data): string {
  if (measured.length === 0) return "There are too few measured stories to look for cues: ten are needed.";
  const shown = measured.filter(({ saidHumanP }) => saidHumanP <= alpha);
  if (shown.length === 0) {
    return `None of ${counted(measured.length, "measure")} is shown to go with saying “human” once all are taken into account; the strongest is ${measured[0]!.measure} (rank correlation ${printed(measured[0]!.saidHuman, "number")}, ${pValue(measured[0]!.saidHumanP)}).`;
  }
  const each = shown.map(
    ({ measure, saidHuman, saidHumanP }) =>
      `${saidHuman > 0 ? "more" : "less"} often with more of “${measure}” (rank correlation ${printed(saidHuman, "number")}, ${pValue(saidHumanP)})`,
  );
  return `Readers say “human” ${each.join("; ")}.`;
}

/** The strongest cue, story by story. */
function cueFigure(measured: readonly Cue[], stories: readonly JudgedStory[]): Finding[] {
  const [strongest] = measured;
  if (!strongest) return [];
  const { measure } = strongest;
  return [
    figure("result", `The strongest cue: ${measure}, and how often a story was called human`, {
      draw: "dots",
      table: {
        columns: [
          { key: "stimulus", label: "Story", format: "text" },
          { key: "title", label: "Title", format: "text" },
          { key: "origin", label: "By", format: "text" },
          { key: "value", label: measure, format: "number" },
          { key: "saidHuman", label: "Said “human”", format: "percent" },
        ],
        rows: stories
          .filter(({ measures }) => measures[measure] !== undefined)
          .map(({ stimulus, title, origin, measures, saidHuman, judgments }) => ({
            stimulus,
            title,
            origin,
            value: measures[measure]!,
            saidHuman: saidHuman / judgments,
          })),
      },
      encode: { x: "value", y: "saidHuman", group: "origin" },
      labels: { x: measure, y: "Share that said “human”" },
      marks: [{ axis: "y", at: 0.5, label: "half" }],
    }),
  ];
}

const cuesCaption =
  "Every measure of the stories: rank correlation with the share of readers who said “human”, and with the share who were right; p-values by Holm over all of them";

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

/** Fleiss' kappa asks for equally many judges of each story; undefined where they differ. */
function fleissOf(stories: readonly JudgedStory[]): number | undefined {
  const judged = stories.filter(({ judgments }) => judgments >= 2);
  if (judged.some(({ judgments }) => judgments !== judged[0]!.judgments)) return undefined;
  return fleissKappa(judged.map(({ judgments, saidHuman }) => [saidHuman, judgments - saidHuman]));
}

const sayAgreement = (alpha: number | undefined, fleiss: number | undefined): string =>
  alpha === undefined
    ? "How far readers agree cannot be told: no story was judged by two, or all said the same."
    : `Krippendorff’s alpha of what readers said is ${printed(alpha, "number")}${fleiss === undefined ? "" : `, Fleiss’ kappa ${printed(fleiss, "number")}`}: 1 would be full agreement, 0 what chance gives.`;

/** Whether being surer goes with being right. */
function sayConfidence(choices: readonly Choice[]): Finding[] {
  const sure = choices.filter(({ confidence }) => confidence !== undefined);
  const levels = [...groupedBy(sure, ({ confidence }) => confidence!)].sort(([one], [other]) => one - other);
  if (levels.length < 2) return [];
  return [
    table("detail", "How sure readers were, and how often they were right", {
      columns: [
        { key: "confidence", label: "How sure", format: "integer" },
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

/** The fewest judges of a story that may stand out. */
const least = 5;

/** Nine of ten or more judged the story alike, of at least five readers. */
function outstandingOf(stories: readonly JudgedStory[]): JudgedStory[] {
  return stories
    .filter(
      ({ judgments, right }) => judgments >= least && (right / judgments >= 0.9 || right / judgments <= 0.1),
    )
    .sort((one, other) => one.right / one.judgments - other.right / other.judgments);
}

/** How many stories stand out, beside how many would if readers only guessed: the more stories, the more by chance. */
function sayOutstanding(outstanding: readonly JudgedStory[], stories: readonly JudgedStory[]): string {
  const wrong = outstanding.filter(({ right, judgments }) => right / judgments < 0.5).length;
  const enough = stories.filter(({ judgments }) => judgments >= least);
  if (enough.length === 0) return `No story was judged by ${least} readers, so none can stand out.`;
  const byChance = enough.reduce(
    (sum, { judgments }) => sum + 2 * binomialCdf(Math.floor(judgments / 10), judgments, 0.5),
    0,
  );
  const chance = `; if all only guessed, about ${printed(byChance, "number")} of the ${enough.length} that ${least} readers or more judged would stand out so`;
  if (outstanding.length === 0) return `No story was judged alike by nine readers of ten${chance}.`;
  return `Nine readers of ten or more judged ${counted(outstanding.length - wrong, "story", "stories")} rightly, and ${counted(wrong, "story", "stories")} wrongly${chance}.`;
}

const outstandingTable = (stories: readonly JudgedStory[]): Table => ({
  columns: [
    { key: "stimulus", label: "Story", format: "text" },
    { key: "title", label: "Title", format: "text" },
    { key: "by", label: "Written by", format: "text" },
    { key: "judgments", label: "Judgments", format: "integer" },
    { key: "right", label: "Judged rightly", format: "percent" },
  ],
  rows: stories.map(({ stimulus, title, origin, model, judgments, right }) => ({
    stimulus,
    title,
    by: origin === "human" ? "a person" : model || "a machine",
    judgments,
    right: right / judgments,
  })),
});

const method = (measured: readonly Cue[]): string =>
  `Cues were sought over ${counted(measured[0]!.stories, "story", "stories")} as units: Spearman’s rank correlation of each of ${measured.length} measures with the share of readers who said “human” and with the share who were right, p-values adjusted by Holm (1979).`;
