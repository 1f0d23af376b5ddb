import { type Plugins, withPlugins } from "../plugins/plugin.ts";
import { accuracy } from "./analyses/accuracy.ts";
import { bayes } from "./analyses/bayes.ts";
import { conditions } from "./analyses/conditions.ts";
import { cues } from "./analyses/cues.ts";
import { doseResponse } from "./analyses/dose-response.ts";
import { groups } from "./analyses/groups.ts";
import { leaks } from "./analyses/leaks.ts";
import { mixedModel } from "./analyses/mixed-model.ts";
import { overview } from "./analyses/overview.ts";
import { pairs } from "./analyses/pairs.ts";
import { practice } from "./analyses/practice.ts";
import { preregistration } from "./analyses/preregistration.ts";
import { quality } from "./analyses/quality.ts";
import { questions } from "./analyses/questions.ts";
import { ratings } from "./analyses/ratings.ts";
import { readers } from "./analyses/readers.ts";
import { robustness } from "./analyses/robustness.ts";
import { signalDetection } from "./analyses/signal-detection.ts";
import { verdict } from "./analyses/verdict.ts";
import type { Analysis } from "./analysis.ts";

/** All analyses, in the order of the report. */
export const analyses: readonly Analysis[] = [
  verdict,
  readers,
  robustness,
  accuracy,
  signalDetection,
  leaks,
  pairs,
  ratings,
  questions,
  conditions,
  groups,
  doseResponse,
  cues,
  mixedModel,
  practice,
  bayes,
  quality,
  preregistration,
  overview,
];

/** The built-in analyses, followed by those of the study's plugins. */
export const analysesWith = (plugins: Plugins): readonly Analysis[] =>
  withPlugins(analyses, "analysis", plugins, ({ definition }) => definition as Analysis);
