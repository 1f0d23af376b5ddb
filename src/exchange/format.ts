import type { PortableForm, SurveyTexts } from "./portable-form.ts";
import type { ImportedFile, ImportRequest } from "./responses.ts";

/** Another form system. A new one is a file in `formats/` and a line in `formats.ts`. */
export interface Format {
  /** Its name in `tinylove export-forms NAME`. */
  readonly name: string;
  /** The forms for this system: the contents of files by name. */
  exportForms(forms: readonly PortableForm[], texts: SurveyTexts): Readonly<Record<string, string>>;
  /** Reads responses that the system exported; undefined if the file is not from this system. */
  importResponses(request: ImportRequest): ImportedFile | undefined;
  /** Whether it checks the least length of a free text. */
  readonly checksLength: boolean;
  /** How its files of responses are recognised, for the hint about a file that no system recognises. */
  readonly recognisedBy: string;
}
