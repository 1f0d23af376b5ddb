import { type Slope, slopeDifference, slopeOf } from "../stats/line.ts";
import { holm } from "../stats/multiple-tests.ts";
import { varianceShares } from "../stats/variance-shares.ts";
import { type Finding, figure, sentence, table } from "../study/finding.ts";
import { printed, pValue } from "../study/print.ts";
import { sadness } from "../text/sadness.ts";
import { type Factorial, sharesText, valuesByCell } from "./factorial.ts";
import { intervalCells, meanOf } from "./similarity.ts";

/** The minimum number of examples or titles for a slope. */
const minUnits = 4;

/**
 * Whether the tone of a text follows its example or the human story with its title. In a balanced factorial the two are
 * independent: the mean sadness of an example's texts is regressed on the example's own sadness, over examples, and the
 * mean of a title's texts on that of its human story, over titles. Units are examples and titles, not texts. The two
 * slopes are compared by Welch's t.
 */
export function toneTransfer(factorial: Factorial): {
  findings: Finding[];
  numbers: Record<string, unknown>;
} {
  const { titles, examples, alpha } = factorial;
  const cells = valuesByCell(factorial, ({ text }) => sadness(text));
  const means = cells.map((row) => row.map(meanOf));
  const byExample = examples.map((_, at) => meanOf(means.map((row) => row[at]!)));
  const byTitle = means.map(meanOf);
  const ofExamples = examples.map(({ text }) => sadness(text));
  const ofTitles = titles.map(({ text }) => sadness(text));
  const example = examples.length < minUnits ? undefined : slopeOf(ofExamples, byExample);
  const title = titles.length < minUnits ? undefined : slopeOf(ofTitles, byTitle);
  if (!example || !title) {
    const why = `The source of the tone cannot be tested: it needs at least ${minUnits} titles and ${minUnits} examples that differ in sadness.`;
    return { findings: [sentence("detail", why)], numbers: { tone: null } };
  }
  const tests = { example, title, difference: slopeDifference(example, title) };
  const [forExample, forTitle, forDifference] = holm([example.p, title.p, tests.difference.p]) as [
    number,
    number,
    number,
  ];
  const corrected = { example: forExample, title: forTitle, difference: forDifference };
  const shares = varianceShares(cells.map((row) => row.map((draws) => draws.map((value) => [value]))));
  return {
    findings: [
      sentence("result", toneText(tests, corrected, alpha)),
      figure(
        "result",
        "Sadness of the texts by the sadness of the example, and by the sadness of the human story with the title",
        {
          draw: "dots",
          table: {
            columns: [
              { key: "of", label: "story", format: "text" },
              { key: "group", label: "as", format: "text" },
              { key: "own", label: "its own sadness", format: "number" },
              { key: "texts", label: "mean sadness of its texts", format: "number" },
            ],
            rows: [
              ...examples.map((story, at) => ({
                of: story.title,
                group: "examples",
                own: ofExamples[at]!,
                texts: byExample[at]!,
              })),
              ...titles.map((story, at) => ({
                of: story.title,
                group: "human stories with the titles",
                own: ofTitles[at]!,
                texts: byTitle[at]!,
              })),
            ],
          },
          encode: { x: "own", y: "texts", group: "group" },
          labels: {
            x: "its own sadness, per hundred words",
            y: "mean sadness of its texts",
          },
        },
      ),
      table(
        "detail",
        "Slopes: difference in the sadness of texts per unit of sadness of the story",
        slopesTable(tests, corrected),
      ),
      sentence("detail", sharesText("sadness", shares, factorial.draws)),
      sentence(
        "method",
        `Tone: the mean sadness of the texts of an example was regressed on the example’s own sadness (${examples.length} examples), and that of the texts of a title on the sadness of its human story (${titles.length} titles), by least squares with examples and titles as units. The three tests are corrected by Holm. Sadness is counted from a word list: words of loss and sorrow minus words of joy, per hundred words. It is meant for many texts, not for single ones.`,
      ),
    ],
    numbers: { tone: { ...tests, corrected, shares } },
  };
}

type Tests<Value> = { readonly example: Value; readonly title: Value; readonly difference: Value };

function toneText(
  { example, title, difference }: Tests<Slope>,
  corrected: Tests<number>,
  alpha: number,
): string {
  const follows = { example: corrected.example <= alpha, title: corrected.title <= alpha };
  const numbers = (slope: Slope, p: number) =>
    `slope ${printed(slope.estimate, "number")}, 95 % interval ${printed(slope.interval.low, "number")} to ${printed(slope.interval.high, "number")}, ${pValue(p)}`;
  const against = (slope: Slope, shown: boolean, whose: string) =>
    !shown
      ? `no effect of ${whose} is shown`
      : slope.estimate > 0
        ? `it follows ${whose}`
        : `it goes in the opposite direction to ${whose}`;
  const [winner, name] = difference.estimate > 0 ? [example, "example"] : [title, "title"];
  const more =
    corrected.difference > alpha
      ? "No difference between the two slopes is shown"
      : winner.estimate > 0
        ? `It follows the ${name} more`
        : "The two slopes differ";
  return `The tone of a text, measured by its words: ${against(example, follows.example, "the tone of its example")} (${numbers(example, corrected.example)}); ${against(title, follows.title, "the tone of the human story with its title")} (${numbers(title, corrected.title)}). ${more} (${pValue(corrected.difference)}; all corrected).`;
}

const slopesTable = (tests: Tests<Slope>, corrected: Tests<number>) => ({
  columns: [
    { key: "of", label: "for", format: "text" as const },
    { key: "slope", label: "slope", format: "number" as const },
    { key: "low", label: "95 % interval", format: "number" as const },
    { key: "high", label: "to", format: "number" as const },
    { key: "p", label: "p, corrected", format: "p" as const },
  ],
  rows: (
    [
      ["the example", "example"],
      ["the human story with the title", "title"],
      ["example minus title", "difference"],
    ] as const
  ).map(([of, name]) => ({
    of,
    slope: tests[name].estimate,
    ...intervalCells(tests[name].interval),
    p: corrected[name],
  })),
});
