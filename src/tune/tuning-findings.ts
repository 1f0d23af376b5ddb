import type { TrainerEvent } from "../llm/trainer.ts";
import { type Findings, figure, sentence, table } from "../study/finding.ts";
import type { Evidence, LearntPreference, ModelMeasures, TextMeasures } from "./evidence.ts";
import { inWords, type Verdict } from "./verdict.ts";
import { accuracyOf } from "./verdict-rules.ts";

/** The findings of a diagnosis for the report: the verdict, the measures, the curves, and samples during training. */
export function tuningFindings(
  name: string,
  evidence: Evidence,
  verdict: Verdict,
  events: readonly TrainerEvent[],
): Findings {
  const samples = samplesOf(events);
  return {
    analysis: `tuning-${name}`,
    question: `Did tuning ${name} work?`,
    findings: [
      sentence("result", `The tuned model ${name} is ${inWords(verdict)}.`),
      ...(evidence.preference ? preferenceFindings(name, evidence.preference) : []),
      ...verdict.also.map(({ is, because }) => sentence("detail", `It is also ${is}: ${because}.`)),
      table(
        "result",
        evidence.preference
          ? `${name} before (base) and after (tuned) learning from readers, and human stories: what it cost`
          : `${name}, its base and human stories, on the test stories`,
        measuresTable(evidence),
      ),
      figure("result", `Loss of ${name} during training, in nats per token`, lossFigure(evidence)),
      ...(evidence.steps.some(({ gradientNorm }) => gradientNorm !== null)
        ? [figure("detail", `Norm of the gradients of ${name} before clipping`, normFigure(evidence))]
        : []),
      ...(samples.length > 0
        ? [table("detail", `Texts by ${name} for the same titles during training`, samplesTable(samples))]
        : []),
      sentence("method", method),
    ],
    numbers: { verdict, ...evidence },
  };
}

/** How far the model learnt what readers preferred, on titles that it was not trained on. */
function preferenceFindings(name: string, preference: LearntPreference) {
  const { likelier, titles } = preference;
  return [
    sentence("result", `${name} learnt from readers: ${accuracyOf(preference)}.`),
    sentence(
      "detail",
      `The preferred text is the likelier one per token in ${(100 * likelier.before).toFixed(0)} % of these pairs before and ${(100 * likelier.after).toFixed(0)} % after. No pair of these ${titles} titles was trained on; test stories whose titles were are left out of the table.`,
    ),
  ];
}

const method =
  "A tuned model is judged by its losses first, then against its base model, then by its texts: greedy ones, which show loops, and sampled ones, which show collapse. Repetition is seq-rep-4 (Welleck et al. 2020), variety distinct-n (Li et al. 2016); copied means word for word in a training story.";

type Measure = readonly [label: string, of: (texts: TextMeasures) => number | null];

const measures: readonly Measure[] = [
  ["repeated runs of 4 words", (texts) => texts.seq_rep_4],
  ["distinct words", (texts) => texts.distinct_1],
  ["distinct pairs", (texts) => texts.distinct_2],
  ["pronouns", (texts) => texts.pronoun_share],
  ["entropy, bits", (texts) => texts.entropy_bits],
  ["copied runs of 8 words", (texts) => texts.copied_8_grams],
  ["longest copy, words", (texts) => texts.longest_copied_words],
  ["words in a text", (texts) => texts.words ?? null],
];

function measuresTable({ people, base, tuned }: Evidence) {
  const models = { ...(base && { base }), tuned };
  const columns = [
    "people",
    ...Object.keys(models).flatMap((model) => [`${model}, greedy`, `${model}, sampled`]),
  ];
  const cells = (of: (texts: TextMeasures) => number | null, ofPeople: number | null) => ({
    people: ofPeople,
    ...Object.fromEntries(
      Object.entries(models).flatMap(([name, model]) => [
        [`${name}, greedy`, of(model.greedy)],
        [`${name}, sampled`, of(model.sampled)],
      ]),
    ),
  });
  const whole = (of: (model: ModelMeasures) => number) =>
    Object.fromEntries(Object.entries(models).map(([name, model]) => [`${name}, greedy`, of(model)]));
  return {
    columns: [
      { key: "measure", label: "measure", format: "text" as const },
      ...columns.map((key) => ({ key, label: key, format: "number" as const })),
    ],
    rows: [
      { measure: "perplexity", ...whole((model) => model.perplexity) },
      { measure: "perplexity, training", ...whole((model) => model.perplexity_of_training) },
      ...measures.map(([measure, of]) => ({ measure, ...cells(of, of(people)) })),
      {
        measure: "texts that end",
        ...Object.fromEntries(
          Object.entries(models).flatMap(([name, model]) => [
            [`${name}, greedy`, model.greedy.share_that_ends],
            [`${name}, sampled`, model.sampled.share_that_ends],
          ]),
        ),
      },
    ],
  };
}

function lossFigure({ steps, evaluations, foundRate, rate }: Evidence) {
  return {
    draw: "curve",
    table: {
      columns: curveColumns("loss"),
      rows: [
        ...downsampled(steps).map(({ step, loss }) => ({ step, loss, of: "training" })),
        ...evaluations.map(({ step, loss }) => ({ step, loss, of: "validation" })),
      ],
    },
    encode: { x: "step", y: "loss", group: "of" },
    labels: {
      x: "step",
      y: `loss (rate ${rate.toExponential(1)}${foundRate === undefined ? "" : `, found ${foundRate.toExponential(1)}`})`,
    },
  };
}

function normFigure({ steps }: Evidence) {
  const rows = downsampled(steps).flatMap(({ step, gradientNorm }) =>
    gradientNorm === null ? [] : [{ step, norm: gradientNorm, of: "gradients" }],
  );
  return {
    draw: "curve",
    table: { columns: curveColumns("norm"), rows },
    encode: { x: "step", y: "norm", group: "of" },
    labels: { x: "step", y: "norm" },
  };
}

const curveColumns = (of: string) => [
  { key: "step", label: "step", format: "integer" as const },
  { key: of, label: of, format: "number" as const },
  { key: "of", label: "of", format: "text" as const },
];

/** At most about 200 points: more cannot be seen, and a long run has thousands. */
const downsampled = <T>(rows: readonly T[]): T[] => {
  const every = Math.ceil(rows.length / 200);
  return rows.filter((_, at) => at % every === 0 || at === rows.length - 1);
};

interface Sample {
  readonly title: string;
  readonly decoding: string;
  readonly step: number;
  readonly text: string;
}

/** The samples of a run; after a resume, the later one of a step counts. */
function samplesOf(events: readonly TrainerEvent[]): Sample[] {
  const samples = new Map<string, Sample>();
  // Version 0.1 called the field `way`.
  for (const { event, title, way, decoding = way, step, text } of events) {
    if (event === "sample")
      samples.set(JSON.stringify([title, decoding, step]), {
        title: String(title),
        decoding: String(decoding),
        step: Number(step),
        text: String(text),
      });
  }
  return [...samples.values()].sort((one, other) => one.step - other.step);
}

const samplesTable = (samples: readonly Sample[]) => ({
  columns: [
    { key: "step", label: "step", format: "integer" as const },
    { key: "title", label: "title", format: "text" as const },
    { key: "decoding", label: "decoding", format: "text" as const },
    { key: "text", label: "text", format: "text" as const },
  ],
  rows: samples.map(({ step, title, decoding, text }) => ({ step, title, decoding, text })),
});
