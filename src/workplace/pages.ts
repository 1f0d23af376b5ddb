import { codersPage } from "./pages/coders.ts";
import { corpusPage } from "./pages/corpus.ts";
import { formsPage } from "./pages/forms.ts";
import { generationsPage } from "./pages/generations.ts";
import { progressPage } from "./pages/progress.ts";
import { stimuliPage } from "./pages/stimuli.ts";
import type { WorkplacePage } from "./workplace-page.ts";

/** The researcher's pages, in the order of the navigation. */
export const pages: readonly WorkplacePage[] = [
  progressPage,
  corpusPage,
  generationsPage,
  stimuliPage,
  formsPage,
  codersPage,
];
