import { accuracy } from "./analyses/accuracy.ts";
import { mixedModel } from "./analyses/mixed-model.ts";
import { overview } from "./analyses/overview.ts";
import { quality } from "./analyses/quality.ts";
import { verdict } from "./analyses/verdict.ts";
import type { Analysis } from "./analysis.ts";

/** Every question that can be put to judgments, in the order of the report. */
export const analyses: readonly Analysis[] = [verdict, accuracy, mixedModel, quality, overview];
