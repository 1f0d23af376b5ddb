import type { Format } from "./format.ts";
import { googleForms } from "./formats/google-forms.ts";
import { jspsych } from "./formats/jspsych.ts";
import { qualtrics } from "./formats/qualtrics.ts";

/** Every form system that the forms can be given to. */
export const formats: readonly Format[] = [jspsych, googleForms, qualtrics];
