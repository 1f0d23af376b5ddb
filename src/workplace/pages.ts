import { codersPage } from "./pages/coders.ts";
import { homePage } from "./pages/home.ts";
import { reportPage } from "./pages/report.ts";
import { storiesPage } from "./pages/stories.ts";
import { surveyPage } from "./pages/survey.ts";
import type { WorkplacePage } from "./workplace.ts";

/** The researcher's pages, in the order of the navigation. */
export const pages: readonly WorkplacePage[] = [homePage, storiesPage, surveyPage, codersPage, reportPage];
