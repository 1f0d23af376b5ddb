import type { ClipSummary } from "../../study/clip-summary.ts";
import type { CorpusSummary } from "../../study/corpus.ts";
import { type Finding, sentence, type Table, table } from "../../study/finding.ts";
import { conditionName, type Generation, selectionOf, shortConditions } from "../../study/generation.ts";
import { groupedBy } from "../../study/groups.ts";
import { capital, counted, percent, printed } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import { type Data, type Origin, readersOf } from "../data.ts";
import { modelNoun, modelsText } from "../model-noun.ts";

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
      ...flowFindings(data),
      ...(corpus ? corpusFindings(corpus) : []),
      ...selectionFindings(generations),
      ...generationFindings(generations, data),
      ...(clip ? clipFindings(clip) : []),
      sentence("method", method(data)),
    ];
    return {
      findings,
      numbers: { corpus: corpus ?? null, clip: clip ?? null, generations: outcomesOf(generations) },
    };
  },
};

const modelFacts = (generations: readonly Generation[]): Finding[] =>
  generations.length === 0 ? [] : [sentence("fact", modelsText(generations))];

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

/** Stories from candidates to those judged, and answers from those given to those analysed. */
function flowFindings(data: Data): Finding[] {
  const { stimuli, clip } = data.study!;
  if (stimuli.length === 0) return [];
  const uses = storyUses(data);
  const of = (wanted: StoryUse) =>
    countByOrigin(stimuli.filter(({ id }) => (uses.get(id) ?? "none") === wanted));
  const answered = uses.size > 0;
  const steps: [string, Counts, always: boolean][] = [
    ...(clip
      ? ([
          ["Candidates", { human: clip.human.candidates, machine: clip.machine.candidates }, true],
          [
            clip.clip === "none" ? "Left out: outside the range of lengths" : "Left out: too short",
            { human: clip.human.tooShort, machine: clip.machine.tooShort },
            true,
          ],
          ["Left out: other version left out, or not needed", leftOver(clip, countByOrigin(stimuli)), true],
        ] as [string, Counts, boolean][])
      : []),
    ["On the forms", countByOrigin(stimuli), true],
    ["Judged alone, human or machine", of("alone"), answered],
    ["Shown only in pairs", of("pair"), false],
    ["Only rated", of("rated"), false],
    ["Without an answer yet", of("none"), false],
  ];
  const rows = steps
    .filter(([, { human, machine }, always]) => always || human + machine > 0)
    .map(([step, counts]) => ({ step, ...counts }));
  return [
    table("result", storiesCaption, {
      columns: [
        { key: "step", label: "Stories", format: "text" },
        { key: "human", label: "Human", format: "integer" },
        { key: "machine", label: "Machine", format: "integer" },
      ],
      rows,
    }),
    ...(answered
      ? [table("result", "The answers, from those given to those analysed", answersTable(data))]
      : []),
  ];
}

const storiesCaption =
  "The stories, from candidates (the test stories, and for each title and condition the text that counts) to those judged";

type Counts = Readonly<Record<Origin, number>>;

const countByOrigin = (stories: readonly { readonly origin: Origin }[]): Counts => ({
  human: stories.filter(({ origin }) => origin === "human").length,
  machine: stories.filter(({ origin }) => origin === "machine").length,
});

/** Candidates of sufficient length that are on no form. */
const leftOver = ({ human, machine }: ClipSummary, used: Counts): Counts => ({
  human: Math.max(0, human.candidates - human.tooShort - used.human),
  machine: Math.max(0, machine.candidates - machine.tooShort - used.machine),
});

/** What the answers to a story say: who wrote it alone or in a pair, or only a rating. */
type StoryUse = "alone" | "pair" | "rated" | "none";

function storyUses(data: Data): Map<string, StoryUse> {
  const all = data.excluded?.before ?? data;
  return new Map<string, StoryUse>([
    ...all.ratings.map(({ stimulus }) => [stimulus, "rated"] as const),
    ...all.pairs.flatMap(({ stimulus, leftStory, rightStory }) =>
      [...stimulus.split(" "), leftStory ?? "", rightStory ?? ""].map((story) => [story, "pair"] as const),
    ),
    ...[...all.choices, ...(all.toldChoices ?? [])].map(({ stimulus }) => [stimulus, "alone"] as const),
  ]);
}

/** Each question with the answers given, those that the declared rules leave out, and those analysed. */
function answersTable(data: Data): Table {
  const { choices, toldChoices = [], pairs, ratings, checks } = data;
  const before = data.excluded?.before ?? data;
  const tasks = [...groupedBy(before.ratings, ({ task }) => task)];
  const failed = checks.filter(({ passed }) => !passed).length;
  const row = (question: string, given: number, analysed: number | null, use: string) => ({
    question,
    given,
    excluded: analysed === null ? null : given - analysed,
    analysed,
    use,
  });
  const rows = [
    row("Human or machine, one story", before.choices.length, choices.length, "the verdict"),
    row(
      "The same, told who wrote it",
      before.toldChoices?.length ?? 0,
      toldChoices.length,
      "reading conditions only",
    ),
    row(
      "Which story is human",
      before.pairs.length,
      pairs.length,
      before.choices.length > 0 ? "a test of its own" : "the verdict",
    ),
    ...tasks.map(([task, own]) =>
      row(
        capital(task.replaceAll("-", " ")),
        own.length,
        ratings.filter((one) => one.task === task).length,
        "ratings",
      ),
    ),
    row("Attention checks", checks.length, null, `${printed(failed, "integer")} failed`),
  ];
  return {
    columns: [
      { key: "question", label: "Question", format: "text" },
      { key: "given", label: "Given", format: "integer" },
      { key: "excluded", label: "Excluded by rule", format: "integer" },
      { key: "analysed", label: "Analysed", format: "integer" },
      { key: "use", label: "Used for", format: "text" },
    ],
    rows: rows.filter(({ given }) => given > 0),
  };
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
  const short = shortConditions(groups.keys());
  return [...groups].map(([condition, own]) => ({
    model: short(condition),
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
  const groups = groupedBy(generations, conditionName);
  const short = shortConditions(groups.keys());
  const rows = [...groups].map(([condition, own]) => ({
    model: short(condition),
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

function generationFindings(generations: readonly Generation[], data: Data): Finding[] {
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
      `${counted(models.length, modelNoun(data))} wrote ${counted(generations.length, "text")}; ${failed === 0 ? "none" : failed} failed or refused (${percent(failed / generations.length)}).`,
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
