import { analyse } from "./analyse/analyse.ts";
import { power } from "./analyse/power.ts";
import { preregister } from "./analyse/preregister.ts";
import { replay } from "./analyse/replay.ts";
import { collect } from "./collect/collect.ts";
import { login } from "./collect/login.ts";
import { purge } from "./collect/purge.ts";
import { compose } from "./compose/compose.ts";
import { code } from "./describe/coding/code.ts";
import { describe } from "./describe/describe.ts";
import { factorial } from "./generate/factorial.ts";
import { generate } from "./generate/generate.ts";
import { models } from "./generate/list-models.ts";
import { tryOne } from "./generate/try.ts";
import { influence } from "./influence/influence.ts";
import { pageOfFindings, report } from "./report/report.ts";
import { backup } from "./serve/backup.ts";
import { exportForms } from "./serve/export-forms.ts";
import { importResponses } from "./serve/import-responses.ts";
import { judgments } from "./serve/judgments.ts";
import { serve } from "./serve/serve.ts";
import { simulate } from "./serve/simulate.ts";
import { diagnose } from "./tune/diagnose.ts";
import { exportTuned } from "./tune/export.ts";
import { plan } from "./tune/plan.ts";
import { tuneRun } from "./tune/run.ts";
import { setup } from "./tune/setup.ts";
import { submit } from "./tune/submit.ts";
import { sweep } from "./tune/sweep.ts";
import { init } from "./workbench/commands/init.ts";
import { runAll } from "./workbench/commands/run.ts";
import { status } from "./workbench/commands/status.ts";
import type { AnyCommand, AnyStage } from "./workbench/stage.ts";

/** The way of a study, in order: each stage reads what those above it wrote. `tinylove run` walks it. */
export const stages: readonly AnyStage[] = [
  collect,
  generate,
  factorial,
  describe,
  influence,
  compose,
  judgments,
  analyse(pageOfFindings),
  report,
];

/** What is no stage: making, showing, serving. */
export const commands: readonly AnyCommand[] = [
  init,
  status(stages),
  runAll(stages),
  power(pageOfFindings),
  preregister,
  serve,
  simulate,
  plan,
  setup,
  tuneRun,
  diagnose,
  sweep,
  submit,
  exportTuned,
  backup,
  exportForms,
  importResponses,
  login,
  purge,
  models,
  tryOne,
  code,
  replay,
];
