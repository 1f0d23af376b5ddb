import { type Slope, slopeDifference, slopeOf } from "../stats/line.ts";
import { holm } from "../stats/multiple-tests.ts";
import { varianceShares } from "../stats/variance-shares.ts";
import { type Finding, figure, sentence, table } from "../study/finding.ts";
import { percent, printed, pValue } from "../study/print.ts";
import { sadness } from "../text/sad-and-glad.ts";
import { endsOf, meanOf } from "./likeness.ts";
import { cellsOf, type InfluenceInput } from "./seen.ts";

/** Fewer examples or titles than this leave a line too little to stand on. */
const fewest = 4;

/**
 * Whose tone a text takes: its example's, or that of the story that a person wrote to its title. In a balanced
 * factorial the two don't mix: the mean sadness of an example's texts goes on the example's own, over examples, and the
 * mean of a title's texts on that of the title's story, over titles. So examples and titles are the units, and not the
 * many texts under each; the two slopes are independent and are compared by Welch's t.
 */
export function toneTransfer(seen: InfluenceInput): {
  findings: Finding[];
  numbers: Record<string, unknown>;
} {
  const { titles, examples, alpha } = seen;
  const cells = cellsOf(seen, ({ text }) => sadness(text));
  const means = cells.map((row) => row.map(meanOf));
  const byExample = examples.map((_, at) => meanOf(means.map((row) => row[at]!)));
  const byTitle = means.map(meanOf);
  const ofExamples = examples.map(({ text }) => sadness(text));
  const ofTitles = titles.map(({ text }) => sadness(text));
  const example = examples.length < fewest ? undefined : slopeOf(ofExamples, byExample);
  const title = titles.length < fewest ? undefined : slopeOf(ofTitles, byTitle);
  if (!example || !title) {
    const why = `Whose tone a text takes cannot be told: it needs ${fewest} titles and ${fewest} examples, not all of them equally sad.`;
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
      sentence("result", say(tests, corrected, alpha)),
      figure(
        "result",
        "The tone of the texts by the tone of the example, and of the story that a person wrote to the title",
        {
          draw: "dots",
          table: {
            columns: [
              { key: "of", label: "story", format: "text" },
              { key: "group", label: "as", format: "text" },
              { key: "its", label: "its own sadness", format: "number" },
              { key: "texts", label: "mean sadness of its texts", format: "number" },
            ],
            rows: [
              ...examples.map((story, at) => ({
                of: story.title,
                group: "examples",
                its: ofExamples[at]!,
                texts: byExample[at]!,
              })),
              ...titles.map((story, at) => ({
                of: story.title,
                group: "titles’ own stories",
                its: ofTitles[at]!,
                texts: byTitle[at]!,
              })),
            ],
          },
          encode: { x: "its", y: "texts", group: "group" },
          labels: {
            x: "its own sadness, per hundred words",
            y: "mean sadness of its texts",
          },
        },
      ),
      table(
        "detail",
        "How much sadder texts are for a story that is sadder by one",
        slopesTable(tests, corrected),
      ),
      sentence(
        "detail",
        `Of what differs in sadness between texts, ${percent(shares.rows)} is due to the title, ${percent(shares.columns)} to the example, ${percent(shares.together)} to the two together and ${percent(shares.chance)} to chance.`,
      ),
      sentence(
        "method",
        `Whose tone a text takes: the mean sadness of the texts of an example over the example’s own (${examples.length} examples), and that of the texts of a title over the story that a person wrote to it (${titles.length} titles), each a line by least squares; examples and titles are the units. The three tests are corrected (Holm). Sadness is counted by cues: words of loss and sorrow minus words of joy, per hundred words. It orders many texts and judges no single one.`,
      ),
    ],
    numbers: { tone: { ...tests, corrected, shares } },
  };
}

type Tests<Value> = { readonly example: Value; readonly title: Value; readonly difference: Value };

function say({ example, title, difference }: Tests<Slope>, corrected: Tests<number>, alpha: number): string {
  const follows = { example: corrected.example <= alpha, title: corrected.title <= alpha };
  const numbers = (slope: Slope, p: number) =>
    `slope ${printed(slope.estimate, "number")}, 95 % interval ${printed(slope.interval.low, "number")} to ${printed(slope.interval.high, "number")}, ${pValue(p)}`;
  const against = (slope: Slope, shown: boolean, whose: string) =>
    !shown
      ? `that it goes with ${whose} is not shown`
      : slope.estimate > 0
        ? `it goes with ${whose}`
        : `it runs against ${whose}`;
  const [winner, name] = difference.estimate > 0 ? [example, "example"] : [title, "title"];
  const more =
    corrected.difference > alpha
      ? "Which of the two it follows more is not shown"
      : winner.estimate > 0
        ? `It follows the ${name} more`
        : "The two differ";
  return `The tone of a text, by its words: ${against(example, follows.example, "the tone of its example")} (${numbers(example, corrected.example)}); ${against(title, follows.title, "the tone of the story that a person wrote to its title")} (${numbers(title, corrected.title)}). ${more} (${pValue(corrected.difference)}; all corrected).`;
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
      ["the title’s own story", "title"],
      ["example less title", "difference"],
    ] as const
  ).map(([of, name]) => ({
    of,
    slope: tests[name].estimate,
    ...endsOf(tests[name].interval),
    p: corrected[name],
  })),
});
