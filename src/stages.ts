import { runAll } from "./workbench/commands/run.ts";
import { status } from "./workbench/commands/status.ts";
import type { AnyCommand, AnyStage } from "./workbench/stage.ts";

/** Stages and commands by name. Each is loaded only when it is used, which keeps a survey server small. */
type Loaders<Member> = Readonly<Record<string, () => Promise<Member>>>;

/** All stages of a study, in order: each reads what earlier ones wrote. `tinylove run` runs them. */
export const stages: Loaders<AnyStage> = {
  collect: async () => (await import("./collect/collect.ts")).collect,
  generate: async () => (await import("./generate/generate.ts")).generate,
  factorial: async () => (await import("./generate/factorial.ts")).factorial,
  describe: async () => (await import("./describe/describe.ts")).describe,
  influence: async () => (await import("./influence/influence.ts")).influence,
  compose: async () => (await import("./compose/compose.ts")).compose,
  judgments: async () => (await import("./judgments/judgments.ts")).judgments,
  analyse: async () => (await import("./analyse/analyse.ts")).analyse(await pageOfFindings()),
  report: async () => (await import("./report/report.ts")).report,
};

/** Commands that are not stages. */
export const commands: Loaders<AnyCommand> = {
  init: async () =>
    (await import("./workbench/commands/init.ts")).init((await import("./collect/appraise.ts")).appraise),
  status: async () => status(await loaded(stages)),
  run: async () => runAll(await loaded(stages)),
  trust: async () => (await import("./workbench/commands/trust.ts")).trust,
  power: async () => (await import("./analyse/power.ts")).power(await pageOfFindings()),
  preregister: async () => (await import("./analyse/preregister.ts")).preregister,
  serve: async () => (await import("./workplace/serve.ts")).serve,
  simulate: async () => (await import("./simulate/simulate.ts")).simulate,
  "tune plan": async () => (await import("./tune/plan.ts")).plan,
  "tune setup": async () => (await import("./tune/setup.ts")).setup,
  "tune run": async () => (await import("./tune/run.ts")).tuneRun,
  "tune diagnose": async () => (await import("./tune/diagnose.ts")).diagnose,
  "tune sweep": async () => (await import("./tune/sweep.ts")).sweep,
  "tune submit": async () => (await import("./tune/submit.ts")).submit,
  "tune export": async () => (await import("./tune/export.ts")).exportTuned,
  backup: async () => (await import("./survey/backup.ts")).backup,
  withdraw: async () => (await import("./survey/withdraw.ts")).withdraw,
  package: async () =>
    (await import("./release/package.ts")).packageStudy({
      analyse: await stages["analyse"]!(),
      checkR: (await import("./report/check-r.ts")).checkR,
      measuresOf: (await import("./describe/measures.ts")).measuresOf,
    }),
  "export-forms": async () => (await import("./exchange/export-forms.ts")).exportForms,
  "import-responses": async () => (await import("./exchange/import-responses.ts")).importResponses,
  login: async () => (await import("./collect/login.ts")).login,
  purge: async () => (await import("./collect/purge.ts")).purge,
  models: async () => (await import("./generate/list-models.ts")).models,
  "models get": async () => (await import("./generate/get-model.ts")).getModel,
  try: async () => (await import("./generate/try.ts")).tryOne,
  code: async () => (await import("./coding/code.ts")).code,
  replay: async () => (await import("./analyse/replay.ts")).replay,
};

/** Summaries for groups of commands. */
export const groups: Readonly<Record<string, string>> = {
  tune: "Fine-tune a model on the training stories",
  models: "Available models",
};

const pageOfFindings = async () => (await import("./report/report.ts")).pageOfFindings;

/** Loads all members of a list, or those in `names`, in the list's order. */
export const loaded = <Member>(
  members: Loaders<Member>,
  names: readonly string[] = Object.keys(members),
): Promise<Member[]> =>
  Promise.all(
    Object.entries(members)
      .filter(([name]) => names.includes(name))
      .map(([, load]) => load()),
  );
