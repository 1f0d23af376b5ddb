import { definition } from "../plugins/plugin.ts";
import type { Random } from "../stats/random.ts";
import type { Findings } from "../study/finding.ts";
import type { Data, Kind } from "./data.ts";

/**
 * A question put to the judgments: one file in `analyses/`, one line in `analyses.ts`. It says something true
 * whatever the data: with no judgment at all it says what there is to say before data.
 */
export interface Analysis {
  /** Names `findings/<name>.json`. */
  readonly name: string;
  /** The question in words, as a heading of the report. */
  readonly asks: string;
  /**
   * What the data must have any of: kinds of questions, answered or not, a study around them, texts that
   * something was asked of beyond the title. An empty list needs nothing.
   */
  readonly needs: readonly (Kind | "study" | "levels")[];
  /** Whether it has something to say before anybody has answered; if not, it waits. */
  readonly beforeData?: true;
  run(data: Data, random: Random): Pick<Findings, "findings" | "numbers">;
}

/** Whether the data hold what the analysis is about. */
export function applies({ needs, beforeData }: Analysis, data: Data): boolean {
  const answered = data.choices.length + data.pairs.length + data.ratings.length > 0;
  if (!answered && !beforeData) return false;
  return (
    needs.length === 0 ||
    needs.some((need) => {
      if (need === "study") return data.study !== undefined;
      if (need === "levels") return hasLevels(data);
      return data.asks.has(need);
    })
  );
}

const hasLevels = ({ study }: Data): boolean =>
  (study?.generations ?? []).some(({ control = {} }) =>
    ["strength", "tone", "dialogue", "kind", "setting"].some((name) => Object.hasOwn(control, name)),
  );

/**
 * Defines an analysis for `plugins:` of study.yaml: a question of one's own to the judgments. What it finds is written to
 * `findings/<name>.json` and has a part in the report, after those of Tiny Love. An analysis reads; it changes no verdict.
 */
export const defineAnalysis = (analysis: Analysis): Analysis => definition("analysis", analysis);
