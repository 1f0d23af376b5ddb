import { markDefinition } from "../plugins/plugin.ts";
import type { Random } from "../stats/random.ts";
import type { Findings, Section } from "../study/finding.ts";
import type { Data, QuestionKind } from "./data.ts";

/**
 * One question about the judgments: one file in `analyses/`, one line in `analyses.ts`. It must handle any data,
 * including none.
 */
export interface Analysis {
  /** Names `findings/<name>.json`. */
  readonly name: string;
  /** The question, used as a heading of the report. */
  readonly question: string;
  /**
   * The data must have at least one of these: a kind of question (answered or not), a study, texts whose prompt asked
   * for more than the title (`levels`), several reading conditions (`conditions`), or declared groups of readers (`groups`).
   * An empty list needs nothing.
   */
  readonly needs: readonly (QuestionKind | "study" | "levels" | "conditions" | "groups")[];
  /** Whether it also runs before the first answer. */
  readonly beforeData?: true;
  /**
   * The section of the report's body for its findings with the role `result`; the appendix without it. `inSection` places
   * single findings.
   */
  readonly section?: Section;
  run(data: Data, random: Random, reached?: Reached): Pick<Findings, "findings" | "numbers">;
}

/** Reports the share of an analysis that is done, from 0 to 1, while it runs. */
export type Reached = (share: number) => void;

/** Whether the analysis applies to the data. */
export function applies({ needs, beforeData }: Analysis, data: Data): boolean {
  const { choices, toldChoices = [], pairs, ratings, picks = [], preferences = [], texts = [] } = data;
  const answered = [choices, toldChoices, pairs, ratings, picks, preferences, texts].some(
    ({ length }) => length > 0,
  );
  if (!answered && !beforeData) return false;
  return (
    needs.length === 0 ||
    needs.some((need) => {
      if (need === "study") return data.study !== undefined;
      if (need === "levels") return hasLevels(data);
      if (need === "groups") return data.groups !== undefined;
      if (need === "conditions") return data.conditions !== undefined;
      return data.questionKinds.has(need);
    })
  );
}

const hasLevels = ({ study }: Data): boolean =>
  (study?.generations ?? []).some(({ control = {} }) =>
    ["strength", "tone", "dialogue", "kind", "setting"].some((name) => Object.hasOwn(control, name)),
  );

/**
 * Defines an analysis for `plugins:` of study.yaml. Its findings are written to `findings/<name>.json` and form a chapter
 * of the report, after those of Tiny Love. An analysis only reads the data and cannot change the verdict.
 */
export const defineAnalysis = (analysis: Analysis): Analysis => markDefinition("analysis", analysis);
