import type { Judgments } from "../stats/judgments.ts";
import { csv } from "../workbench/tables.ts";
import type { Choice, Data } from "./data.ts";

/** Choices as the columns that the tests read. */
export const asJudgments = (choices: readonly Choice[]): Judgments => ({
  readers: choices.map(({ participant }) => participant),
  stories: choices.map(({ stimulus }) => stimulus),
  origins: choices.map(({ origin }) => origin),
  correct: choices.map(({ right }) => right),
});

/** Bootstrap draws: fewer where there are very many judgments, for a hundred million steps are a second or two. */
export const bootstrapDraws = ({ choices, settings }: Data): number =>
  Math.max(500, Math.min(settings.draws, Math.floor(1e8 / Math.max(1, choices.length))));

/** The judgments that the findings stand on, origins among them: what a reviewer needs to compute them anew. */
export const choicesCsv = ({ choices }: Data): string =>
  csv(
    ["participant", "form", "stimulus", "origin", "model", "order", "response", "ms", "confidence"],
    choices.map(({ answer, ...choice }) => ({ ...choice, response: answer })),
  );
