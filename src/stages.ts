import type { AnyCommand, AnyStage } from "./workbench/stage.ts";

/**
 * An entry in the list of stages or commands: what `--help` shows, and how to load it. It is loaded only when it is used,
 * so that help is quick and a survey server does not have the code for figures in memory.
 */
export interface ListEntry<Member> {
  readonly summary: string;
  /** The notations of its positional arguments, such as `<how> [file]`; a test compares them with its own file. */
  readonly parameters?: string;
  load(): Promise<Member>;
}

type List<Member> = Readonly<Record<string, ListEntry<Member>>>;

/** All stages of a study, in order: each reads what earlier ones wrote. `tinylove run` runs them. */
export const stages: List<AnyStage> = {
  collect: {
    summary: "Gather stories into the corpus",
    load: async () => (await import("./collect/collect.ts")).collect,
  },
  generate: {
    summary: "Generate stories for the titles of the test stories with language models",
    load: async () => (await import("./generate/generate.ts")).generate,
  },
  factorial: {
    summary: "Generate texts for all combinations of some titles and examples (to measure leakage)",
    load: async () => (await import("./generate/factorial.ts")).factorial,
  },
  describe: {
    summary: "Measure every story, human and machine",
    load: async () => (await import("./describe/describe.ts")).describe,
  },
  influence: {
    summary: "Test what the example leaks into a story",
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
    summary: "Analyse the judgments of a study or a table",
    load: async () => (await import("./analyse/analyse.ts")).analyse,
  },
  report: {
    summary: "Write the report: page, PDF, Markdown, figures and tables",
    load: async () => (await import("./report/report.ts")).report,
  },
};

/** Commands that are not stages. */
export const commands: List<AnyCommand> = {
  init: {
    summary: "Make a new study folder with a commented study.yaml",
    parameters: "[folder]",
    load: async () => (await import("./collect/init.ts")).init,
  },
  status: {
    summary: "Show what is fresh, stale or missing, and what runs next",
    load: async () => (await import("./workbench/commands/status.ts")).status(await loadMembers(stages)),
  },
  run: {
    summary: "Run every stage that is stale or missing",
    load: async () => (await import("./workbench/commands/run.ts")).runAll(await loadMembers(stages), stages),
  },
  open: {
    summary: "Open the study in a browser: run it, look at its stories, watch the survey, read the report",
    parameters: "[folder]",
    load: async () => (await import("./workplace/open.ts")).open(await loadMembers(stages), stages),
  },
  trust: {
    summary: "Agree to run the plugins of a study as they are now",
    load: async () => (await import("./workbench/commands/trust.ts")).trust,
  },
  power: {
    summary: "Plan how many readers and stories a verdict needs, before data collection",
    load: async () => (await import("./analyse/power.ts")).power,
  },
  preregister: {
    summary: "Freeze margin, exclusions, stopping rule and stories before data collection",
    load: async () => (await import("./analyse/preregister.ts")).preregister,
  },
  serve: {
    summary: "Run the survey for participants until interrupted",
    load: async () => (await import("./workplace/serve.ts")).serve,
  },
  simulate: {
    summary: "Fill a copy of the study with simulated judgments, marked as such",
    load: async () => (await import("./simulate/simulate.ts")).simulate,
  },
  "tune plan": {
    summary: "Show the memory that fine-tuning needs, what fits on the GPUs, and which setting to choose",
    load: async () => (await import("./tune/plan.ts")).plan,
  },
  "tune setup": {
    summary: "Install the trainer (Python, PyTorch) into its own virtual environment (once)",
    load: async () => (await import("./tune/setup.ts")).setup,
  },
  "tune run": {
    summary: "Fine-tune a model on the training stories; an interrupted run continues where it stopped",
    load: async () => (await import("./tune/run.ts")).tuneRun,
  },
  "tune diagnose": {
    summary: "Judge a tuned model: healthy, undertrained, memorised, diverged or collapsed",
    parameters: "[name]",
    load: async () => (await import("./tune/diagnose.ts")).diagnose,
  },
  "tune sweep": {
    summary: "Fine-tune at several learning rates, and show which ruin the model and which is best",
    load: async () => (await import("./tune/sweep.ts")).sweep,
  },
  "tune prefer": {
    summary: "Train a tuned model towards the texts that readers preferred, and measure what that cost",
    parameters: "[name]",
    load: async () => (await import("./tune/prefer.ts")).prefer,
  },
  "tune submit": {
    summary: "Write (and with --submit, submit) a job that fine-tunes a model on several nodes of a cluster",
    load: async () => (await import("./tune/submit.ts")).submit,
  },
  "tune export": {
    summary: "Write a tuned model as merged weights, adapter or GGUF, checked token by token against PyTorch",
    parameters: "[name]",
    load: async () => (await import("./tune/export.ts")).exportTuned,
  },
  backup: {
    summary: "Copy the survey's store to a file, also while the survey is running",
    parameters: "[file]",
    load: async () => (await import("./survey/backup.ts")).backup,
  },
  withdraw: {
    summary: "Delete one participant's answers, also while the survey is running",
    parameters: "<who>",
    load: async () => (await import("./survey/withdraw.ts")).withdraw,
  },
  package: {
    summary:
      "Write the study's data for others, without personal data: CSV, JSONL, Parquet, SQLite, a codebook",
    load: async () => (await import("./release/package.ts")).packageStudy,
  },
  "export-forms": {
    summary: "Write the forms for another form system, such as jsPsych or Qualtrics",
    parameters: "<format>",
    load: async () => (await import("./exchange/export-forms.ts")).exportForms,
  },
  "import-responses": {
    summary: "Import responses to forms that export-forms wrote for another form system",
    parameters: "<files...>",
    load: async () => (await import("./exchange/import-responses.ts")).importResponses,
  },
  login: {
    summary: "Log in to the newspaper in a browser window, for collect --source nyt",
    load: async () => (await import("./collect/login.ts")).login,
  },
  purge: {
    summary: "Remove the collected texts from a study; addresses and hashes remain",
    load: async () => (await import("./collect/purge.ts")).purge,
  },
  models: {
    summary: "List the available models with size and licence, and whether they fit in memory",
    load: async () => (await import("./generate/list-models.ts")).models,
  },
  "models get": {
    summary: "Download a small open model (once for all studies)",
    parameters: "<name>",
    load: async () => (await import("./generate/get-model.ts")).getModel,
  },
  try: {
    summary: "Write one story for a title, and show where it would be clipped",
    parameters: "<title>",
    load: async () => (await import("./generate/try.ts")).tryOne,
  },
  code: {
    summary: "Code kind of love, tone and cultural setting with the codebook",
    parameters: "<how> [file]",
    load: async () => (await import("./coding/code.ts")).code,
  },
  replay: {
    summary: "Analyse the judgments of a published study",
    parameters: "<study>",
    load: async () => (await import("./analyse/replay.ts")).replay,
  },
};

/** Summaries for groups of commands. */
export const groups: Readonly<Record<string, string>> = {
  tune: "Fine-tune a model on the training stories",
  models: "Available models",
};

/** Loads all members of a list, or those in `names`, in the list's order. */
export const loadMembers = <Member>(
  members: List<Member>,
  names: readonly string[] = Object.keys(members),
): Promise<Member[]> =>
  Promise.all(
    Object.entries(members)
      .filter(([name]) => names.includes(name))
      .map(([, member]) => member.load()),
  );
