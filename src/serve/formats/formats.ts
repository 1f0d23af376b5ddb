import type { Format } from "./format.ts";
import { googleForms } from "./google-forms.ts";
import { jspsych } from "./jspsych.ts";
import { qualtrics } from "./qualtrics.ts";

/** Every form system that the forms can be given to. */
export const formats: readonly Format[] = [jspsych, googleForms, qualtrics];
