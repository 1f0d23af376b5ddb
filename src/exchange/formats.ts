import type { Format } from "./format.ts";
import { googleForms } from "./formats/google-forms.ts";
import { jspsych } from "./formats/jspsych.ts";
import { qualtrics } from "./formats/qualtrics.ts";

/** The other form systems. Responses are read by the first that recognises them; Google Forms accepts any table with `--form`. */
export const formats: readonly Format[] = [jspsych, qualtrics, googleForms];
