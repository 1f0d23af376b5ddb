import type { ClipSummary } from "../../study/clip-summary.ts";
import type { CorpusSummary } from "../../study/corpus.ts";
import { type Finding, sentence, type Table, table } from "../../study/finding.ts";
import { conditionName, type Generation, modelName, selectionOf } from "../../study/generation.ts";
import { groupedBy } from "../../study/groups.ts";
import { counted, listed, percent, printed } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import { type Data, readersOf } from "../data.ts";

/** What the study consists of: the corpus and its split, the generated texts, the clip, the forms. */
export const overview: Analysis = {
  name: "overview",
  question: "What were readers shown?",
  needs: ["study"],
  section: "stimuli",
  beforeData: true,
  run(data) {
    const { corpus, clip, generations } = data.study!;
    const findings: Finding[] = [
      ...modelFacts(generations),
      sentence("result", formsText(data)),
      ...(corpus ? corpusFindings(corpus) : []),
      ...selectionFindings(generations),
      ...generationFindings(generations),
      ...(clip ? clipFindings(clip) : []),
      sentence("method", method(data)),
    ];
    return {
      findings,
      numbers: { corpus: corpus ?? null, clip: clip ?? null, generations: outcomesOf(generations) },
    };
  },
};

function modelFacts(generations: readonly Generation[]): Finding[] {
  const models = [...new Set(generations.map(modelName))];
  return models.length === 0
    ? []
    : [sentence("fact", `${models.length === 1 ? "Model" : "Models"}: ${listed(models)}`)];
}

function formsText({ forms, choices, pairs, ratings, study }: Data): string {
  const answers = [...choices, ...pairs, ...ratings];
  const stimuli = study!.stimuli;
  const human = stimuli.filter(({ origin }) => origin === "human").length;
  const read =
    answers.length === 0
      ? "nobody has answered yet"
      : `${counted(readersOf(answers).length, "reader")} gave ${counted(answers.length, "answer")}`;
  return `${counted(stimuli.length, "story", "stories")}, ${human} human and ${stimuli.length - human} machine-written, are on ${counted(forms.length, "form")}; ${read}.`;
}

function corpusFindings(corpus: CorpusSummary): Finding[] {
  const { stories, authors, split, words } = corpus;
  const rejected = Object.values(corpus.rejected).reduce((sum, count) => sum + count, 0);
  const facts: [string, string][] = [
    ["Stories", printed(stories, "integer")],
    ["Authors", authors === 0 ? "not named" : printed(authors, "integer")],
    ["Groups kept together by the split", printed(corpus.groups, "integer")],
    ["Training, validation, test", `${split.train}, ${split.validation}, ${split.test}`],
    [
      "Words: minimum, median, maximum",
      `${words.least}, ${printed(words.median, "integer")}, ${words.most} (mean ${printed(words.mean, "number")})`,
    ],
    [`Stories above ${words.limit} words`, printed(words.aboveLimit, "integer")],
    ["Excluded, with a reason", printed(rejected, "integer")],
    [
      "Licences",
      Object.entries(corpus.licences)
        .map(([licence, count]) => `${licence} (${count})`)
        .join(", "),
    ],
  ];
  return [
    ...(corpus.note ? [sentence("detail", corpus.note.trim())] : []),
    sentence(
      "result",
      `The corpus has ${counted(stories, "human story", "human stories")}${authors === 0 ? " by unnamed authors" : ` by ${counted(authors, "author")}`}: ${split.train} for training, ${split.validation} for validation, ${split.test} for the test.`,
    ),
    table("detail", "The corpus", {
      columns: [
        { key: "fact", label: "Corpus", format: "text" },
        { key: "value", label: "Value", format: "text" },
      ],
      rows: facts.map(([fact, value]) => ({ fact, value })),
    }),
  ];
}

const outcomes = ["text", "cut short", "refused", "failed"] as const;

interface ModelOutcomes {
  readonly model: string;
  readonly prompt: string;
  readonly dummy: boolean;
  readonly attempts: number;
  readonly titles: number;
  readonly outcomes: Readonly<Record<(typeof outcomes)[number], number>>;
  readonly tokens: number;
}

function outcomesOf(generations: readonly Generation[]): ModelOutcomes[] {
  const groups = groupedBy(generations, conditionName);
  return [...groups.values()].map((own) => ({
    model: modelName(own[0]!),
    prompt: own[0]!.prompt.template,
    dummy: own.some(({ model }) => model.dummy === true),
    attempts: own.length,
    titles: new Set(own.map(({ story }) => story)).size,
    outcomes: Object.fromEntries(
      outcomes.map((outcome) => [outcome, own.filter((generation) => generation.outcome === outcome).length]),
    ) as ModelOutcomes["outcomes"],
    tokens: own.reduce((sum, { tokens }) => sum + tokens.generated, 0),
  }));
}

/** From drafts to the texts shown. Redrawing and choosing are selection. */
function selectionFindings(generations: readonly Generation[]): Finding[] {
  if (generations.length === 0) return [];
  const rows = [...groupedBy(generations, conditionName).values()].map((own) => ({
    model: modelName(own[0]!),
    prompt: own[0]!.prompt.template,
    ...selectionOf(own),
  }));
  const [drafts, kept, redrawn] = (["drafts", "kept", "redrawn"] as const).map((key) =>
    rows.reduce((sum, row) => sum + row[key], 0),
  ) as [number, number, number];
  const said =
    redrawn === 0
      ? `No text was drawn again or chosen: ${counted(kept, "text")} of ${counted(drafts, "draft")} ${kept === 1 ? "was" : "were"} usable.`
      : `${counted(drafts, "draft")} gave ${counted(kept, "text")}; ${redrawn} ${redrawn === 1 ? "was" : "were"} replaced by another draft of the same title, so readers saw selected drafts, not typical ones.`;
  return [
    sentence("result", said),
    table("result", "From drafts to texts, by model and prompt", {
      columns: [
        { key: "model", label: "Model", format: "text" },
        { key: "prompt", label: "Prompt", format: "text" },
        { key: "titles", label: "Titles", format: "integer" },
        { key: "drafts", label: "Drafts", format: "integer" },
        { key: "redrawn", label: "Set aside", format: "integer" },
        { key: "kept", label: "Kept", format: "integer" },
        { key: "first", label: "First drafts", format: "integer" },
        { key: "cleaned", label: "Cleaned", format: "integer" },
        { key: "faulty", label: "Faulty", format: "integer" },
      ],
      rows,
    }),
  ];
}

function generationFindings(generations: readonly Generation[]): Finding[] {
  if (generations.length === 0) return [];
  const models = outcomesOf(generations);
  const failed = models.reduce((sum, { outcomes: of }) => sum + of.failed + of.refused, 0);
  const chosen = generations.filter(({ chosen }) => chosen === true).length;
  const dummies = models.filter((model) => model.dummy).map(({ model }) => model);
  return [
    ...(dummies.length > 0
      ? [
          sentence(
            "detail",
            `${dummies.join(", ")} is not a language model; it only tests the pipeline from titles to report.`,
          ),
        ]
      : []),
    sentence(
      "detail",
      `${counted(models.length, "model")} wrote ${counted(generations.length, "text")}; ${failed === 0 ? "none" : failed} failed or refused (${percent(failed / generations.length)}).`,
    ),
    ...(chosen > 0
      ? [
          sentence(
            "result",
            `${counted(chosen, "text")} ${chosen === 1 ? "was" : "were"} chosen as the draw closest to what the prompt asked for, so readers saw a selected draw there.`,
          ),
        ]
      : []),
    table("detail", "What the models wrote, by outcome", outcomesTable(models)),
  ];
}

const outcomesTable = (models: readonly ModelOutcomes[]): Table => ({
  columns: [
    { key: "model", label: "Model", format: "text" },
    { key: "prompt", label: "Prompt", format: "text" },
    { key: "titles", label: "Titles", format: "integer" },
    { key: "attempts", label: "Attempts", format: "integer" },
    { key: "text", label: "Complete", format: "integer" },
    { key: "cut", label: "Cut at the token limit", format: "integer" },
    { key: "refused", label: "Refused", format: "integer" },
    { key: "failed", label: "Failed", format: "integer" },
    { key: "tokens", label: "Tokens", format: "integer" },
  ],
  rows: models.map(({ model, prompt, titles, attempts, outcomes: of, tokens }) => ({
    model,
    prompt,
    titles,
    attempts,
    text: of.text,
    cut: of["cut short"],
    refused: of.refused,
    failed: of.failed,
    tokens,
  })),
});

function clipFindings(clip: ClipSummary): Finding[] {
  const { range, declared, rule, human, machine } = clip;
  const whole = clip.clip === "none";
  const rowOf = (of: string, { meanWords = 0, ...counts }: typeof human) => ({ of, meanWords, ...counts });
  const lowered =
    range.least === declared.least
      ? ""
      : ` (declared: ${declared.least} to ${declared.most}; lowered for both)`;
  const rows = [
    rowOf("Human stories", human),
    ...(clip.byModel.length > 1
      ? clip.byModel.map(({ model, ...counts }) => ({ of: model, meanCut: null, meanWords: null, ...counts }))
      : []),
    rowOf("Machine stories", machine),
  ];
  return [
    sentence(
      "result",
      whole
        ? `Whole stories of ${range.least} to ${range.most} words${lowered} were shown. Lengths were matched by the choice of titles: the versions of a title differ by at most ${percent(clip.tolerance!)}. The texts on the forms have ${printed(human.meanWords!, "number")} words (human) and ${printed(machine.meanWords!, "number")} words (machine) on average.`
        : `Every text was clipped to a length drawn from ${range.least} to ${range.most} words${lowered}, the same for a title’s human and machine versions.`,
    ),
    sentence(
      "detail",
      `${human.tooShort} of ${human.candidates} human and ${machine.tooShort} of ${machine.candidates} machine texts were too short; titles with such a text are ${rule === "drop" ? "dropped for both origins" : "kept where the lowered range allows"}.`,
    ),
    table("detail", whole ? "Whole stories" : "Truncation (TCG)", {
      columns: [
        { key: "of", label: "Texts", format: "text" },
        { key: "candidates", label: "Candidates", format: "integer" },
        { key: "tooShort", label: whole ? "Outside the range" : "Too short", format: "integer" },
        { key: "used", label: "On forms", format: "integer" },
        whole
          ? { key: "meanWords", label: "Words, mean", format: "number" }
          : { key: "meanCut", label: "Words clipped, mean", format: "number" },
      ],
      rows,
    }),
  ];
}

/** The methods paragraph of a paper. */
function method({ forms, study }: Data): string {
  const { corpus, clip, generations, stimuli } = study!;
  const human = stimuli.filter(({ origin }) => origin === "human").length;
  const parts = [
    ...(corpus
      ? [
          `The corpus has ${corpus.stories} human stories, split into ${corpus.split.train} for training, ${corpus.split.validation} for validation and ${corpus.split.test} for the test.`,
        ]
      : []),
    ...[...groupedBy(generations, conditionName).values()].map(methodOfModel),
    ...(clip
      ? [
          clip.clip === "none"
            ? `Whole stories of ${clip.range.least} to ${clip.range.most} words were shown; titles were chosen so that human and machine versions have the same lengths, to within ${percent(clip.tolerance!)} for each title.`
            : `Human and machine texts were clipped to one length for each title, drawn from ${clip.range.least} to ${clip.range.most} words (Truncated Content Generation).`,
        ]
      : []),
    `${stimuli.length} texts, ${human} human and ${stimuli.length - human} machine-written, were assigned to ${counted(forms.length, "form")}; no form has both versions of a title, and the order was randomised for each reader.`,
  ];
  return parts.join(" ");
}

/** The start of a file's SHA-256, or the model name that a server reports. */
const hashOf = (hash: string): string =>
  /^[0-9a-f]{64}$/.test(hash) ? `SHA-256 ${hash.slice(0, 12)}` : `served as ${hash}`;

function methodOfModel(own: readonly Generation[]): string {
  const { model, prompt, settings } = own[0]!;
  const { temperature, topP, topK, minP, repeatPenalty, leastTokens, mostTokens } = settings;
  const settingsGiven = (
    [
      ["temperature", temperature],
      ["top-p", topP],
      ["top-k", topK],
      ["min-p", minP],
      ["repeat penalty", repeatPenalty],
    ] as const
  ).map(([name, value]) => (value === "provider" ? undefined : `${name} ${value}`));
  const known = settingsGiven.filter((each) => each !== undefined);
  const length = leastTokens === "provider" ? `at most ${mostTokens}` : `${leastTokens} to ${mostTokens}`;
  const sampling = [
    ...known,
    ...(known.length < settingsGiven.length ? ["other sampling settings as the provider sets them"] : []),
  ].join(", ");
  return `Machine texts were written by ${model.name ? `${model.name} (${model.address}, ` : `${model.address} (`}${hashOf(model.hash)}) with the prompt ${prompt.template} (${prompt.hash.slice(0, 12)}), ${length} new tokens, ${sampling}.`;
}
