import { holm } from "../stats/multiple-tests.ts";
import { type VarianceShares, varianceShares } from "../stats/variance-shares.ts";
import { type Finding, figure, sentence, table } from "../study/finding.ts";
import { counted, listed, percent, pValue } from "../study/print.ts";
import { sharedNgrams } from "../text/copying.ts";
import { sadness } from "../text/sadness.ts";
import { type TextSpace, textSpace } from "../text/similarity.ts";
import { clusterEmbeddings, type TextClusters } from "./clusters.ts";
import { copies, copyingTexts } from "./copies.ts";
import { type Factorial, sharesText, valuesByCell } from "./factorial.ts";
import { excessSimilarities, heatMap, pairsTable } from "./pairs.ts";
import { intervalCells, type SimilarityTest, similarityTest } from "./similarity.ts";
import { type Topics, topicsOf } from "./topics.ts";

/** A channel of leakage: a similarity of a text and an example. All channels have the same test. */
interface Channel {
  readonly name: string;
  readonly label: string;
  of(text: string, example: string): number;
}

/**
 * What the example leaks: how much more similar a text is to its own example than to the other examples, in words, topics,
 * phrases, tone and (if a model is named) meaning, each with a permutation test within titles, with and without the texts
 * that copy it; and the shares of variance due to title, example and chance.
 */
export function leak(factorial: Factorial): { findings: Finding[]; numbers: Record<string, unknown> } {
  const { texts, examples } = factorial;
  const topics = topicsOf(factorial);
  const clusters = factorial.embeddings && clusterEmbeddings(factorial, factorial.embeddings);
  const space = textSpace([...examples.map(({ text }) => text), ...texts.map(({ text }) => text)]);
  const excess = excessSimilarities(factorial, space);
  const channels = channelsOf(space, topics, clusters);
  const tests = testsOf(channels, factorial);
  const copying = copyingTexts(factorial);
  const others = texts.filter((_, at) => !copying[at]);
  const withoutCopies =
    others.length > 0 && others.length < texts.length
      ? testsOf(channels, {
          ...factorial,
          texts: others,
          random: factorial.random.fork("without copies"),
        })
      : undefined;
  const copied = copies(factorial);
  const shares = varianceShares(valuesByCell(factorial, ({ id }) => topics.weights.get(id)!));
  const leaks = leaking(tests, factorial);
  const findings: Finding[] = [
    sentence("result", leakText(leaks, tests.length, withoutCopies, factorial)),
    ...copied.findings,
    ...(clusters ? [sentence("result", clustersText(clusters, tests))] : []),
    sentence("result", sharesText("topics", shares, factorial.draws)),
    table(
      "result",
      "Similarity of a text to its own example and to the others, 0 to 1 (p: for these titles and examples; interval: for others like them)",
      testsTable(tests, withoutCopies),
    ),
    figure(
      "result",
      "Excess similarity of a text to its own example, by title and example (blue: more similar than to the others, brown: less)",
      heatMap(factorial, excess),
    ),
    table(
      "result",
      "The pairs with the largest leak: shared words are marked; longest common run of words, and excess similarity",
      pairsTable(factorial, excess),
    ),
    figure("detail", "Shares of the variance between texts", sharesFigure(shares, factorial.draws)),
    table(
      "detail",
      "The topics by their words, and the share of the variance of each due to the example",
      topicsTable(factorial, topics),
    ),
    ...(clusters
      ? [
          table(
            "detail",
            `The clusters of meaning (${clusters.model}) by their words`,
            clustersTable(clusters),
          ),
        ]
      : []),
    sentence("method", methodOf(factorial, tests.length, clusters)),
  ];
  const numbers = {
    texts: texts.length,
    shares,
    leak: byChannel(tests),
    ...(withoutCopies && { leakWithoutCopies: byChannel(withoutCopies) }),
    ...copied.numbers,
  };
  return { findings, numbers };
}

interface Test extends SimilarityTest {
  readonly channel: Channel;
  /** Holm's, over the channels. */
  readonly corrected: number;
}

function testsOf(channels: readonly Channel[], factorial: Factorial): Test[] {
  const { texts, examples } = factorial;
  const found = channels.map((channel) =>
    similarityTest(
      channel.name,
      texts.map(({ text }) => examples.map((example) => channel.of(text, example.text))),
      factorial,
    ),
  );
  const corrected = holm(found.map(({ p }) => p));
  return channels.map((channel, at) => ({ channel, ...found[at]!, corrected: corrected[at]! }));
}

const leaking = (tests: readonly Test[], { alpha }: Factorial): Test[] =>
  tests.filter(({ corrected }) => corrected <= alpha);

const byChannel = (tests: readonly Test[]) =>
  Object.fromEntries(tests.map(({ channel: { name }, ...test }) => [name, test]));

function leakText(
  leaks: readonly Test[],
  channels: number,
  withoutCopies: readonly Test[] | undefined,
  factorial: Factorial,
): string {
  if (leaks.length === 0)
    return `No leak of the example is shown: texts are not significantly more similar to their own example than to others (${channels} tests, corrected).`;
  const labels = (tests: readonly Test[]) => listed(tests.map(({ channel }) => channel.label));
  const rest = withoutCopies && leaking(withoutCopies, factorial);
  const apart = !rest
    ? ""
    : rest.length === 0
      ? " Without the texts that copy it, no leak is shown."
      : ` Without the texts that copy it, this is shown for ${labels(rest)}${rest.length < leaks.length ? " only" : ""}.`;
  return `The example leaks: texts are more similar to their own example than to others in ${labels(leaks)} (corrected for ${channels} tests).${apart}`;
}

function clustersText({ model, count }: TextClusters, tests: readonly Test[]): string {
  const { own, others, corrected } = tests.find(({ channel }) => channel.name === "clusters")!;
  return `With ${count} clusters of the hidden states of ${model}, ${percent(own)} of the texts are in the cluster of their own example and ${percent(others)} in the cluster of another example (${pValue(corrected)}, corrected).`;
}

function channelsOf(space: TextSpace, topics: Topics, clusters: TextClusters | undefined): Channel[] {
  const lexical: Channel[] = [
    { name: "words", label: "words", of: (text, example) => space.similarity(text, example) },
    { name: "topics", label: "topics", of: topics.similarity },
    {
      name: "phrases",
      label: "phrases of three words",
      of: (text, example) => sharedNgrams(text, example, 3),
    },
    { name: "tone", label: "tone", of: toneSimilarity },
  ];
  if (!clusters) return lexical;
  return [
    ...lexical,
    { name: "meaning", label: "meaning", of: clusters.similarity },
    { name: "clusters", label: "cluster of meaning", of: clusters.sameCluster },
  ];
}

/** 1 for equally sad texts, 1/2 for a difference of one word in a hundred, towards 0 for larger ones. */
const toneSimilarity = (text: string, example: string): number =>
  1 / (1 + Math.abs(sadness(text) - sadness(example)));

function methodOf(
  { titles, examples, draws, texts, permutations, leftOut }: Factorial,
  channels: number,
  clusters: TextClusters | undefined,
): string {
  const missing =
    leftOut > 0
      ? ` ${counted(leftOut, "title")} with a missing text ${leftOut === 1 ? "was" : "were"} left out.`
      : "";
  const meaning = clusters
    ? ` Meaning is the cosine of mean-pooled hidden states of ${clusters.model}, centred separately for examples and texts; clusters are by k-means.`
    : "";
  return `What the example leaks: ${titles.length} titles under each of ${examples.length} examples, ${counted(draws, "draw")} each, ${texts.length} texts.${missing} The similarity of a text to its own example is compared with its similarity to the others. The test permutes the examples among the texts of a title (${permutations} permutations); p-values are corrected over ${channels} tests (Holm 1979). If texts copy their example, the same tests are repeated without them. The tests are about these titles and examples; the intervals, clustered by title and by example, generalise to others like them and are wider. Topics are from NMF of TF-IDF; shares of the variance are components of a two-way layout with random effects (Searle, Casella and McCulloch 1992).${meaning}`;
}

const testsTable = (tests: readonly Test[], withoutCopies: readonly Test[] | undefined) => ({
  columns: [
    { key: "channel", label: "Similarity in", format: "text" as const },
    { key: "own", label: "to own example", format: "number" as const },
    { key: "others", label: "to others", format: "number" as const },
    { key: "excess", label: "difference", format: "number" as const },
    { key: "low", label: "95 % interval", format: "number" as const },
    { key: "high", label: "to", format: "number" as const },
    { key: "p", label: "p, corrected", format: "p" as const },
    ...(withoutCopies
      ? [
          { key: "rest", label: "without copies", format: "number" as const },
          { key: "pRest", label: "p, corrected", format: "p" as const },
        ]
      : []),
  ],
  rows: tests.map(({ channel, own, others, excess, corrected }, at) => ({
    channel: channel.label,
    own,
    others,
    excess: excess.estimate,
    ...intervalCells(excess.interval),
    p: corrected,
    ...(withoutCopies && {
      rest: withoutCopies[at]!.excess.estimate,
      pRest: withoutCopies[at]!.corrected,
    }),
  })),
});

const sharesFigure = (shares: VarianceShares, draws: number) => ({
  draw: "bars",
  table: {
    columns: [
      { key: "source", label: "due to", format: "text" as const },
      { key: "share", label: "share of the variance", format: "percent" as const },
    ],
    rows: [
      { source: "title", share: shares.rows },
      { source: "example", share: shares.columns },
      ...(draws > 1 ? [{ source: "interaction", share: shares.interaction }] : []),
      { source: draws > 1 ? "chance" : "interaction and chance", share: shares.chance },
    ],
  },
  encode: { x: "share", y: "source" },
  labels: { x: "share of the variance", y: "" },
});

function topicsTable(factorial: Factorial, { words, weights }: Topics) {
  const shareOf = (topic: number) =>
    varianceShares(valuesByCell(factorial, ({ id }) => [weights.get(id)![topic]!])).columns;
  return {
    columns: [
      { key: "words", label: "topic", format: "text" as const },
      { key: "share", label: "due to the example", format: "percent" as const },
    ],
    rows: words.map((each, at) => ({ words: each.join(" "), share: shareOf(at) })),
  };
}

const clustersTable = ({ words, examples, texts }: TextClusters) => ({
  columns: [
    { key: "words", label: "cluster", format: "text" as const },
    { key: "examples", label: "examples", format: "integer" as const },
    { key: "texts", label: "texts", format: "integer" as const },
  ],
  rows: words.map((each, at) => ({ words: each.join(" "), examples: examples[at]!, texts: texts[at]! })),
});
