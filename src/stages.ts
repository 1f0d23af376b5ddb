import type { AnyCommand, AnyStage } from "./workbench/stage.ts";

/**
 * A stage or command as its list names it: what `--help` shows, and how it is loaded. It is loaded only when it is used,
 * so that help is quick and a survey server does not keep in memory what draws figures.
 */
export interface Listed<Member> {
  /** The same as the member's own; a test compares them. */
  readonly summary: string;
  /** The positional arguments in one line: `<how> [file]`. */
  readonly parameters?: string;
  load(): Promise<Member>;
}

type List<Member> = Readonly<Record<string, Listed<Member>>>;

/** The way of a study, in order: each stage reads what those above it wrote. `tinylove run` walks it. */
export const stages: List<AnyStage> = {
  collect: {
    summary: "Gather stories into the corpus",
    load: async () => (await import("./collect/collect.ts")).collect,
  },
  generate: {
    summary: "Let language models write stories to the titles of the test stories",
    load: async () => (await import("./generate/generate.ts")).generate,
  },
  factorial: {
    summary: "Write some titles under every one of some examples",
    load: async () => (await import("./generate/factorial.ts")).factorial,
  },
  describe: {
    summary: "Measure every story, human and machine",
    load: async () => (await import("./describe/describe.ts")).describe,
  },
  influence: {
    summary: "Tell what the example leaks into a story",
    load: async () => (await import("./influence/influence.ts")).influence,
  },
  compose: {
    summary: "Clip the stories and balance them over forms",
    load: async () => (await import("./compose/compose.ts")).compose,
  },
  judgments: {
    summary: "Export the answers of the survey to judgments/judgments.csv",
    load: async () => (await import("./judgments/judgments.ts")).judgments,
  },
  analyse: {
    summary: "Ask the judgments what they can say",
    load: async () => (await import("./analyse/analyse.ts")).analyse,
  },
  report: {
    summary: "Write the report: page, Markdown, figures and tables",
    load: async () => (await import("./report/report.ts")).report,
  },
};

/** What is no stage: making, showing, serving. */
export const commands: List<AnyCommand> = {
  init: {
    summary: "Make a new study folder with a commented study.yaml",
    parameters: "[folder]",
    load: async () => (await import("./collect/init.ts")).init,
  },
  status: {
    summary: "Tell what is fresh, stale or missing, and what would run next",
    load: async () => (await import("./workbench/commands/status.ts")).status(await loaded(stages)),
  },
  run: {
    summary: "Run every stage that is stale or missing",
    load: async () => (await import("./workbench/commands/run.ts")).runAll(await loaded(stages)),
  },
  trust: {
    summary: "Agree to run the plugins of a study as they are now",
    load: async () => (await import("./workbench/commands/trust.ts")).trust,
  },
  power: {
    summary: "Plan how many readers and stories a verdict needs, before the data",
    load: async () => (await import("./analyse/power.ts")).power,
  },
  preregister: {
    summary: "Freeze margin, exclusions, stopping rule and stories before the data",
    load: async () => (await import("./analyse/preregister.ts")).preregister,
  },
  serve: {
    summary: "Serve the survey to participants until interrupted",
    load: async () => (await import("./workplace/serve.ts")).serve,
  },
  simulate: {
    summary: "Fill a copy of the study with simulated judgments, marked as such",
    load: async () => (await import("./simulate/simulate.ts")).simulate,
  },
  "tune plan": {
    summary: "Tell what fine-tuning a model needs, what fits on the GPUs, and which setting to take",
    load: async () => (await import("./tune/plan.ts")).plan,
  },
  "tune setup": {
    summary: "Install the trainer (Python, PyTorch) into an environment of its own, once",
    load: async () => (await import("./tune/setup.ts")).setup,
  },
  "tune run": {
    summary: "Tune a model on the training stories; a killed run goes on where it stopped",
    load: async () => (await import("./tune/run.ts")).tuneRun,
  },
  "tune diagnose": {
    summary: "Tell what became of a tuned model: healthy, undertrained, memorised, diverged or collapsed",
    parameters: "[name]",
    load: async () => (await import("./tune/diagnose.ts")).diagnose,
  },
  "tune sweep": {
    summary: "Tune at several learning rates, and tell which spoil the model and which is best",
    load: async () => (await import("./tune/sweep.ts")).sweep,
  },
  "tune submit": {
    summary: "Write, and submit where asked, the job that tunes a model on several nodes of a cluster",
    load: async () => (await import("./tune/submit.ts")).submit,
  },
  "tune export": {
    summary: "Write a tuned model as merged weights, adapter or GGUF, checked token by token against PyTorch",
    parameters: "[name]",
    load: async () => (await import("./tune/export.ts")).exportTuned,
  },
  backup: {
    summary: "Copy the survey's store to a file, also while it is being served",
    parameters: "[file]",
    load: async () => (await import("./survey/backup.ts")).backup,
  },
  withdraw: {
    summary: "Delete what one participant told, also while the survey is being served",
    parameters: "<who>",
    load: async () => (await import("./survey/withdraw.ts")).withdraw,
  },
  package: {
    summary:
      "Write the study's data for others, without personal data: CSV, JSONL, Parquet, SQLite, a codebook",
    load: async () => (await import("./release/package.ts")).packageStudy,
  },
  "export-forms": {
    summary: "Write the forms for another form system: jsPsych, Google Forms, Qualtrics",
    parameters: "<format>",
    load: async () => (await import("./exchange/export-forms.ts")).exportForms,
  },
  "import-responses": {
    summary: "Take in the responses to forms that export-forms made: Google Forms, Qualtrics, jsPsych",
    parameters: "<files...>",
    load: async () => (await import("./exchange/import-responses.ts")).importResponses,
  },
  login: {
    summary: "Log in to the newspaper in a browser window, for collect --source nyt",
    load: async () => (await import("./collect/login.ts")).login,
  },
  purge: {
    summary: "Remove the collected texts from a study; addresses and hashes stay",
    load: async () => (await import("./collect/purge.ts")).purge,
  },
  models: {
    summary: "List the models that are here, their size and licence, and whether they fit in memory",
    load: async () => (await import("./generate/list-models.ts")).models,
  },
  "models get": {
    summary: "Download a small open model, once",
    parameters: "<name>",
    load: async () => (await import("./generate/get-model.ts")).getModel,
  },
  try: {
    summary: "Write one story to a title, and show where it would be clipped",
    parameters: "<title>",
    load: async () => (await import("./generate/try.ts")).tryOne,
  },
  code: {
    summary: "Code kind of love, tone and cultural setting by the codebook",
    parameters: "<how> [file]",
    load: async () => (await import("./coding/code.ts")).code,
  },
  replay: {
    summary: "Put the judgments of a published study through our tests",
    parameters: "<study>",
    load: async () => (await import("./analyse/replay.ts")).replay,
  },
};

/** What the commands of two words do together. */
export const groups: Readonly<Record<string, string>> = {
  tune: "Fine-tune a model on the training stories",
  models: "Models that can be used here",
};

/** Loads every member of a list, or those named, in its order. */
export const loaded = <Member>(
  members: List<Member>,
  names: readonly string[] = Object.keys(members),
): Promise<Member[]> =>
  Promise.all(
    Object.entries(members)
      .filter(([name]) => names.includes(name))
      .map(([, member]) => member.load()),
  );
