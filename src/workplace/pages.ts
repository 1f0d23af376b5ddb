import { codersPage } from "./pages/coders.ts";
import { homePage } from "./pages/home.ts";
import { newStudyPage } from "./pages/new-study.ts";
import { rehearsalPage } from "./pages/rehearsal.ts";
import { reportPage } from "./pages/report.ts";
import { settingsPage } from "./pages/settings.ts";
import { storiesPage } from "./pages/stories.ts";
import { surveyPage } from "./pages/survey.ts";
import type { WorkplacePage } from "./workplace.ts";

/** The researcher's pages, in the order of the navigation. */
export const pages: readonly WorkplacePage[] = [
  homePage,
  settingsPage,
  storiesPage,
  rehearsalPage,
  surveyPage,
  codersPage,
  reportPage,
  newStudyPage,
];
