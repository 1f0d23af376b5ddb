import { accuracy } from "./analyses/accuracy.ts";
import { overview } from "./analyses/overview.ts";
import { verdict } from "./analyses/verdict.ts";
import type { Analysis } from "./analysis.ts";

/** Every question that can be put to judgments, in the order of the report. */
export const analyses: readonly Analysis[] = [verdict, accuracy, overview];
