import { binomialPmf } from "../stats/binomial.ts";
import { type Finding, figure, sentence, type Table } from "../study/finding.ts";
import { counted, printed } from "../study/print.ts";
import type { Choice, Data } from "./data.ts";

/** Scores of readers who judged every story of their form. */
export interface FormScores {
  readonly forms: readonly FormScore[];
  readonly table: Table | undefined;
  readonly sentences: readonly Finding[];
  /** Questions per form, if all forms have the same number. */
  readonly questions: number | undefined;
  readonly scores: readonly number[];
}

interface FormScore {
  readonly form: string;
  readonly questions: number;
  readonly responses: number;
  readonly begun: number;
  /** Undefined if nobody completed the form. */
  readonly meanScore: number | undefined;
  readonly points: number;
}

/**
 * A response is one reader's judgments of all stories of a form; its score is the number of right ones. Incomplete
 * responses are counted separately: their judgments count for accuracy, but they have no score.
 */
export function formScores(data: Data): FormScores {
  const asked = data.forms.filter(({ choices }) => choices > 0);
  const byForm = asked.map(({ id, choices: questions }) => {
    const responses = responsesTo(id, data.choices);
    const scores = responses.filter(({ judged }) => judged >= questions).map(({ right }) => right);
    const points = sum(scores);
    return {
      scores,
      score: {
        form: id,
        questions,
        responses: scores.length,
        begun: responses.length - scores.length,
        meanScore: scores.length > 0 ? points / scores.length : undefined,
        points,
      },
    };
  });
  const forms = byForm.map(({ score }) => score);
  const lengths = new Set(forms.map(({ questions }) => questions));
  return {
    forms,
    table: forms.length > 0 ? formsTable(forms) : undefined,
    sentences: formsFindings(forms),
    questions: lengths.size === 1 ? [...lengths][0] : undefined,
    scores: byForm.flatMap(({ scores }) => scores),
  };
}

/** A histogram of scores with the distribution expected under guessing. */
export function scoresFigure({ questions, scores }: FormScores): Finding[] {
  if (questions === undefined || scores.length === 0) return [];
  const rows = Array.from({ length: questions + 1 }, (_, score) => ({
    score,
    responses: scores.filter((own) => own === score).length,
    guessing: scores.length * binomialPmf(score, questions, 0.5),
  }));
  return [
    figure(
      "detail",
      `Scores of ${counted(scores.length, "response")}, with the distribution expected under guessing`,
      {
        draw: "histogram",
        table: {
          columns: [
            { key: "score", label: "Right answers", format: "integer" },
            { key: "responses", label: "Responses", format: "integer" },
            { key: "guessing", label: "Expected under guessing", format: "number" },
          ],
          rows,
        },
        encode: { x: "score", y: "responses", expected: "guessing" },
        labels: {
          x: `Right answers of ${questions}`,
          y: "Responses",
          expected: "expected under guessing",
        },
      },
    ),
  ];
}

function responsesTo(form: string, choices: readonly Choice[]): { judged: number; right: number }[] {
  const byReader = new Map<string, { judged: number; right: number }>();
  for (const choice of choices) {
    if (choice.form !== form) continue;
    const so = byReader.get(choice.participant) ?? { judged: 0, right: 0 };
    so.judged += 1;
    so.right += Number(choice.right);
    byReader.set(choice.participant, so);
  }
  return [...byReader.values()];
}

function formsTable(forms: readonly FormScore[]): Table {
  const responses = sum(forms.map((form) => form.responses));
  const points = sum(forms.map((form) => form.points));
  const row = (form: Omit<FormScore, "begun">, begun: number) => ({
    form: form.form,
    responses: form.responses,
    begun,
    score: form.meanScore ?? null,
    questions: form.questions,
    points: form.points,
  });
  const total = {
    form: "all",
    responses,
    points,
    meanScore: responses > 0 ? points / responses : undefined,
    questions: Math.max(...forms.map(({ questions }) => questions)),
  };
  return {
    columns: [
      { key: "form", label: "Form", format: "text" },
      { key: "responses", label: "Responses", format: "integer" },
      { key: "score", label: "Mean score", format: "number" },
      { key: "questions", label: "of", format: "integer" },
      { key: "points", label: "Points", format: "integer" },
      { key: "begun", label: "Incomplete", format: "integer" },
    ],
    rows: [...forms.map((form) => row(form, form.begun)), row(total, sum(forms.map(({ begun }) => begun)))],
  };
}

function formsFindings(forms: readonly FormScore[]): Finding[] {
  const unread = forms.filter(({ responses }) => responses === 0);
  const taken = forms.filter(({ responses }) => responses > 0);
  if (taken.length === 0) return [];
  const each = taken.map(
    ({ form, meanScore, responses }) =>
      `${form}: ${printed(meanScore, "number")} (${counted(responses, "response")})`,
  );
  const said = sentence("detail", `Mean scores by form, of ${taken[0]!.questions}: ${each.join("; ")}.`);
  if (unread.length === 0) return [said];
  const names = unread.map(({ form }) => form).join(", ");
  return [said, sentence("detail", `Nobody has completed these forms yet: ${names}.`)];
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
