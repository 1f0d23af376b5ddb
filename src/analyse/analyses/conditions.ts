import { type Finding, figure, sentence, table } from "../../study/finding.ts";
import { counted, listed, percent, printed, pValue } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import {
  type ConditionContrast,
  cellsFigure,
  cellsOf,
  contrastsOf,
  contrastsTable,
  type Outcome,
  outcomesOf,
  verdictsOf,
  verdictsTable,
  withHolm,
} from "../cells.ts";
import { type Data, readersOf } from "../data.ts";
import { alphaLevelsOf, whyWithheld } from "../interim-analysis.ts";
import { noJudgmentsFinding } from "../ready.ts";

/** What readers answer in each condition, and whether the difference between human and machine stories depends on it. */
export const conditions: Analysis = {
  name: "conditions",
  section: "result",
  question: "Does it matter under which condition stories are read?",
  needs: ["conditions"],
  run(data) {
    const outcomes = outcomesOf(data);
    if (outcomes.length === 0) return { findings: [noJudgmentsFinding(data)], numbers: {} };
    const interactions = withHolm(outcomes.flatMap((outcome) => contrastsOf("interaction", outcome, data)));
    const effects = withHolm(outcomes.flatMap((outcome) => contrastsOf("condition", outcome, data)));
    const cells = outcomes.map((outcome) => ({
      outcome,
      rows: cellsOf(outcome, data),
      verdicts: verdictsOf(outcome, data),
    }));
    const findings: Finding[] = [
      ...interactionSentences(interactions, data),
      ...cells.flatMap(({ outcome, rows, verdicts }) => [
        figure("result", cellsCaption(outcome), cellsFigure(outcome, rows, compared)),
        table("result", verdictsCaption(outcome), verdictsTable(outcome.kind, verdicts, compared)),
      ]),
      table("result", contrastsCaption, contrastsTable([...interactions, ...effects], "Condition")),
      ...untrueSentences(data),
      sentence("method", methodText(data)),
    ];
    return {
      findings,
      numbers: {
        conditions: data.conditions,
        cells: cells.flatMap(({ outcome, rows }) => rows.map((row) => ({ outcome: outcome.name, ...row }))),
        interactions,
        effects,
      },
    };
  },
};

const compared = { label: "Condition", counts: true };

function interactionSentences(interactions: readonly ConditionContrast[], data: Data): Finding[] {
  const why = whyWithheld(data);
  if (why !== undefined) return [sentence("result", `Conditions are not compared yet: ${why}.`)];
  const tested = interactions.filter(({ degrees }) => degrees > 0);
  if (tested.length === 0)
    return [sentence("result", "The conditions cannot be compared: there are too few readers or stories.")];
  const { alpha } = alphaLevelsOf(data);
  const shown = tested.filter((one) => one.holm <= alpha);
  if (shown.length === 0) {
    const least = Math.min(...tested.map((one) => one.holm));
    return [
      sentence(
        "result",
        `It is not shown that the difference between human and machine stories depends on the condition (smallest corrected ${pValue(least)}). This does not show that it is the same in all of them.`,
      ),
    ];
  }
  return shown.map((one) => sentence("result", interactionText(one)));
}

function interactionText({
  outcome,
  kind,
  condition,
  reference,
  estimate,
  interval,
  holm: p,
}: ConditionContrast) {
  const range = `difference ${printed(interval.low, "number")} to ${printed(interval.high, "number")}; corrected ${pValue(p)}`;
  const by = `${printed(Math.abs(estimate), "number")} ${estimate > 0 ? "higher" : "lower"} under ${condition} than under ${reference} (${range})`;
  return kind === "choices"
    ? `The condition changes how well readers tell human from machine stories: d′ is ${by}.`
    : `The condition changes how human and machine stories are rated (${outcome}): the mean rating of human stories minus that of machine stories is ${by}.`;
}

const cellsCaption = ({ name, kind }: Outcome): string =>
  kind === "choices"
    ? "How often human and machine stories were called human in each condition, with clustered intervals"
    : `Mean rating (${name}) of human and machine stories in each condition, with clustered intervals`;

const verdictsCaption = ({ kind, name }: Outcome): string =>
  `${kind === "choices" ? "Accuracy" : `Mean rating (${name}), human minus machine stories,`} and verdict in each condition, with Holm’s correction over the conditions`;

const contrastsCaption =
  "Conditions compared with the reference. Interaction: how much more answers to human and to machine stories differ than under the reference (judgments of origin: the difference of d′). Condition: how much higher the answers are than under the reference (judgments of origin: how much more readily stories are called human, in standard deviations). Holm’s correction within each";

/** Where readers were told something untrue, the report says so. */
function untrueSentences({ choices, toldChoices = [], ratings }: Data): Finding[] {
  const untrue = [...choices, ...toldChoices, ...ratings].filter(
    ({ told, origin }) => told !== undefined && told !== origin,
  );
  if (untrue.length === 0) return [];
  const where = [...new Set(untrue.flatMap(({ condition }) => condition ?? []))];
  const all = choices.length + toldChoices.length + ratings.length;
  return [
    sentence(
      "result",
      `Deception: in ${listed(where)}, ${counted(readersOf(untrue).length, "reader")} were told something untrue about the author of a story (${percent(untrue.length / all)} of all answers); the debriefing after the last answer corrected it.`,
    ),
  ];
}

function methodText({ settings, conditions: all = [] }: Data): string {
  return `Each condition was compared with ${all[0]}, declared as the reference, by contrasts of the means of its answers to human and to machine stories (for judgments of origin, normal quantiles of the shares called human with the log-linear correction, so that an interaction is a difference of d′ and a mere bias is none). Standard errors are clustered by reader and by story${settings.clusters?.length === 0 ? "" : " and by the clusters of the verdict"} (CV3 jackknife; Cameron, Gelbach and Miller 2011), never below those of independent answers, with Student’s t and the degrees of freedom of the verdict (Satterthwaite’s with more clusters than readers and stories, else those of the clustering with the fewest); p-values are corrected by Holm over conditions and questions. Answers of readers who were told who wrote a story are used only here, not in the study’s verdict.`;
}
