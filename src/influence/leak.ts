import { holm } from "../stats/multiple-tests.ts";
import { varianceShares } from "../stats/variance-shares.ts";
import { type Finding, figure, sentence, table } from "../study/finding.ts";
import { counted, listed, percent, pValue } from "../study/print.ts";
import { sharedNgrams } from "../text/copying.ts";
import { sadness } from "../text/sad-and-glad.ts";
import { type TextSpace, textSpace } from "../text/similarity.ts";
import { type Clustered, clusteredMeanings } from "./clusters.ts";
import { endsOf, type Likeness, likenessOf } from "./likeness.ts";
import { excesses, heatMap, pairsTable } from "./pairs.ts";
import { cellsOf, type InfluenceInput } from "./seen.ts";
import { type Topics, topicsOf } from "./topics.ts";

/** What can leak, by what is compared of a text and an example. Every one is tested alike. */
interface Channel {
  readonly name: string;
  readonly means: string;
  of(text: string, example: string): number;
}

/**
 * What the example leaks: how much more a text has in common with its own example than with the examples of its
 * title's other texts, in words, topics, phrases, tone and, where a model for it is named, meaning, each with a
 * permutation test within titles; and how much of what differs between texts is due to title, example and chance.
 */
export function leak(seen: InfluenceInput): { findings: Finding[]; numbers: Record<string, unknown> } {
  const { texts, examples } = seen;
  const topics = topicsOf(seen);
  const clusters = seen.meanings && clusteredMeanings(seen, seen.meanings);
  const space = textSpace([...examples.map(({ text }) => text), ...texts.map(({ text }) => text)]);
  const excess = excesses(seen, space);
  const tests = testsOf(channelsOf(space, topics, clusters), seen);
  const shares = varianceShares(cellsOf(seen, ({ id }) => topics.weights.get(id)!));
  const leaks = tests.filter(({ corrected }) => corrected <= seen.alpha);
  const findings: Finding[] = [
    sentence("result", verdictOf(leaks, tests.length)),
    ...(clusters ? [sentence("result", sayClusters(clusters, tests))] : []),
    sentence(
      "result",
      `Of what differs in topics between texts, ${percent(shares.rows)} is due to the title, ${percent(shares.columns)} to the example, ${percent(shares.together)} to the two together and ${percent(shares.chance)} to chance.`,
    ),
    table("result", "How alike a text is to its own example, and to the others, 0 to 1", testsTable(tests)),
    figure(
      "result",
      "Titles by examples: how much more a text is like its own example (blue) than like the others (brown: less)",
      heatMap(seen, excess),
    ),
    table(
      "result",
      "The pairs that leak most side by side: shared words marked, the longest run of words in both, and likeness beyond other examples",
      pairsTable(seen, excess),
    ),
    figure("detail", "Where the differences between texts come from", sharesFigure(shares)),
    table(
      "detail",
      "The topics by their words, and how much of each is due to the example",
      topicsTable(seen, topics),
    ),
    ...(clusters
      ? [
          table(
            "detail",
            `The clusters of meaning by ${clusters.model}, by their words`,
            clustersTable(clusters),
          ),
        ]
      : []),
    sentence("method", methodOf(seen, tests.length, clusters)),
  ];
  const numbers = {
    texts: texts.length,
    shares,
    leak: Object.fromEntries(tests.map(({ channel: { name }, ...test }) => [name, test])),
  };
  return { findings, numbers };
}

interface Test extends Likeness {
  readonly channel: Channel;
  /** Holm's, over the channels. */
  readonly corrected: number;
}

function testsOf(channels: readonly Channel[], seen: InfluenceInput): Test[] {
  const { texts, examples } = seen;
  const found = channels.map((channel) =>
    likenessOf(
      channel.name,
      texts.map(({ text }) => examples.map((example) => channel.of(text, example.text))),
      seen,
    ),
  );
  const corrected = holm(found.map(({ p }) => p));
  return channels.map((channel, at) => ({ channel, ...found[at]!, corrected: corrected[at]! }));
}

function verdictOf(leaking: readonly Test[], channels: number): string {
  return leaking.length === 0
    ? `No leak of the example was found: nothing shows that texts are more like their own example than like others (${channels} tests, corrected).`
    : `The example leaks: a text has more of its own example’s ${listed(leaking.map(({ channel }) => channel.means))} than of other examples’ (corrected for ${channels} tests).`;
}

function sayClusters({ model, count }: Clustered, tests: readonly Test[]): string {
  const { own, others, corrected } = tests.find(({ channel }) => channel.name === "clusters")!;
  return `By what ${model} makes of them, ${percent(own)} of the texts fall into the cluster of their own example, and ${percent(others)} into that of another one (${count} clusters; ${pValue(corrected)}, corrected).`;
}

function channelsOf(space: TextSpace, topics: Topics, clusters: Clustered | undefined): Channel[] {
  const lexical: Channel[] = [
    { name: "words", means: "words", of: (text, example) => space.similarity(text, example) },
    { name: "topics", means: "topics", of: topics.likeness },
    {
      name: "phrases",
      means: "phrases of three words",
      of: (text, example) => sharedNgrams(text, example, 3),
    },
    { name: "tone", means: "tone", of: toneLikeness },
  ];
  if (!clusters) return lexical;
  return [
    ...lexical,
    { name: "meaning", means: "meaning", of: clusters.likeness },
    { name: "clusters", means: "cluster of meaning", of: clusters.together },
  ];
}

/** 1 where two texts are as sad, towards 0 the further apart: half at a word of sorrow in a hundred. */
const toneLikeness = (text: string, example: string): number =>
  1 / (1 + Math.abs(sadness(text) - sadness(example)));

function methodOf(
  { titles, examples, draws, texts, permutations, leftOut }: InfluenceInput,
  channels: number,
  clusters: Clustered | undefined,
): string {
  const missing = leftOut > 0 ? ` ${counted(leftOut, "title")} with a text missing left out.` : "";
  const meaning = clusters
    ? ` Meaning is the cosine of mean-pooled hidden states of ${clusters.model}, examples and texts each without their mean; clusters are k-means of them.`
    : "";
  return `What the example leaks: ${titles.length} titles under each of ${examples.length} examples, ${counted(draws, "draw")} each, ${texts.length} texts.${missing} A text’s likeness to its own example is compared with its likeness to the others; the test deals the examples anew among the texts of a title (${permutations} deals), and p-values are corrected over ${channels} tests (Holm 1979). The test speaks of these titles and examples; the intervals, clustered by title and by example, of others like them, and are wider. Topics are NMF of TF-IDF; shares of the variance are components of a two-way layout with random effects (Searle, Casella and McCulloch 1992).${meaning}`;
}

const testsTable = (tests: readonly Test[]) => ({
  columns: [
    { key: "channel", label: "Alike in", format: "text" as const },
    { key: "own", label: "to its own", format: "number" as const },
    { key: "others", label: "to others", format: "number" as const },
    { key: "excess", label: "difference", format: "number" as const },
    { key: "low", label: "95 % interval", format: "number" as const },
    { key: "high", label: "to", format: "number" as const },
    { key: "p", label: "p, corrected", format: "p" as const },
  ],
  rows: tests.map(({ channel, own, others, excess, corrected }) => ({
    channel: channel.means,
    own,
    others,
    excess: excess.estimate,
    ...endsOf(excess.interval),
    p: corrected,
  })),
});

const sharesFigure = (shares: ReturnType<typeof varianceShares>) => ({
  draw: "bars",
  table: {
    columns: [
      { key: "source", label: "due to", format: "text" as const },
      { key: "share", label: "share of the variance", format: "percent" as const },
    ],
    rows: [
      { source: "title", share: shares.rows },
      { source: "example", share: shares.columns },
      { source: "both together", share: shares.together },
      { source: "chance", share: shares.chance },
    ],
  },
  encode: { x: "share", y: "source" },
  labels: { x: "share of the variance", y: "" },
});

function topicsTable(seen: InfluenceInput, { words, weights }: Topics) {
  const shareOf = (topic: number) =>
    varianceShares(cellsOf(seen, ({ id }) => [weights.get(id)![topic]!])).columns;
  return {
    columns: [
      { key: "words", label: "topic", format: "text" as const },
      { key: "share", label: "due to the example", format: "percent" as const },
    ],
    rows: words.map((each, at) => ({ words: each.join(" "), share: shareOf(at) })),
  };
}

const clustersTable = ({ words, examples, texts }: Clustered) => ({
  columns: [
    { key: "words", label: "cluster", format: "text" as const },
    { key: "examples", label: "examples", format: "integer" as const },
    { key: "texts", label: "texts", format: "integer" as const },
  ],
  rows: words.map((each, at) => ({ words: each.join(" "), examples: examples[at]!, texts: texts[at]! })),
});
