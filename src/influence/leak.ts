import { type OwnPairing, ownPairing } from "../stats/own-pairing.ts";
import { varianceShares } from "../stats/variance-shares.ts";
import { type Finding, figure, sentence, table } from "../study/finding.ts";
import { percent } from "../study/print.ts";
import { longestCommonRun, sharedNgrams } from "../text/copying.ts";
import { functionWords } from "../text/function-words.ts";
import { sadness } from "../text/sad-and-glad.ts";
import { textSpace } from "../text/similarity.ts";
import { stem } from "../text/stem.ts";
import { termsOf } from "../text/words.ts";
import type { Seen } from "./seen.ts";
import { topicsOf } from "./topics.ts";

/** What can leak, by what is compared of a text and an example. Every one is tested alike. */
interface Channel {
  readonly name: string;
  readonly means: string;
  of(text: string, example: string): number;
}

/**
 * What the example leaks: how much more a text has in common with its own example than with the examples of its
 * title's other texts, in words, topics, phrases and tone, each with a permutation test within titles; and how much
 * of what differs between texts is due to title, example and chance.
 */
export function leak(seen: Seen): { findings: Finding[]; numbers: Record<string, unknown> } {
  const { texts, examples, titles, draws } = seen;
  const topics = topicsOf(seen);
  const tests = channelsOf(seen, topics.likeness).map((channel) => ({
    channel,
    test: tested(channel, seen),
  }));
  const shares = varianceShares(
    titles.map(({ id }) =>
      examples.map((example) =>
        texts
          .filter((text) => text.story === id && text.examples[0] === example.id)
          .map((text) => topics.weights.get(text.id)!),
      ),
    ),
  );
  // Four looks at one question: the smallest p-value counts four times (Bonferroni).
  const leaks = tests.filter(({ test }) => test.p * tests.length <= 0.05);
  const findings: Finding[] = [
    sentence(
      "result",
      verdictOf(
        leaks.map(({ channel }) => channel.means),
        tests.length,
      ),
    ),
    sentence(
      "result",
      `Of what differs in topics between texts, ${percent(shares.rows)} is due to the title, ${percent(shares.columns)} to the example, ${percent(shares.together)} to the two together and ${percent(shares.chance)} to chance.`,
    ),
    sentence(
      "method",
      `${titles.length} titles under each of ${examples.length} examples, ${draws} draws each: ${texts.length} texts. Compared is a text's likeness to its own example with its likeness to the other examples; the test deals the examples anew among the texts of a title (${seen.permutations} deals).${seen.leftOut > 0 ? ` ${seen.leftOut} titles with a text missing are left out.` : ""}`,
    ),
    table("result", "What a text has of its own example beyond what it has of others", testsTable(tests)),
    figure("detail", "Where the differences between texts come from", sharesFigure(shares)),
    table(
      "detail",
      "The topics, by their words, and how much of each is due to the example",
      topicsTable(seen, topics),
    ),
    table("detail", "The pairs that leak most, shared words marked", pairsTable(seen)),
  ];
  const numbers = {
    shares,
    leak: Object.fromEntries(tests.map(({ channel, test }) => [channel.name, test])),
    texts: texts.length,
  };
  return { findings, numbers };
}

function verdictOf(leaking: readonly string[], channels: number): string {
  return leaking.length === 0
    ? "No leak of the example was found: texts are no more like their own example than like those of others."
    : `The example leaks: its text has more of its ${leaking.join(", its ")} than of other examples (corrected for ${channels} tests).`;
}

function channelsOf({ examples, texts }: Seen, topicLikeness: Channel["of"]): Channel[] {
  const space = textSpace([...examples.map(({ text }) => text), ...texts.map(({ text }) => text)]);
  return [
    { name: "words", means: "words", of: (text, example) => space.similarity(text, example) },
    { name: "topics", means: "topics", of: topicLikeness },
    {
      name: "phrases",
      means: "phrases of three words",
      of: (text, example) => sharedNgrams(text, example, 3),
    },
    // Nearer is more alike, so that all channels point one way.
    { name: "tone", means: "tone", of: (text, example) => -Math.abs(sadness(text) - sadness(example)) },
  ];
}

function tested({ name, of }: Channel, { texts, examples, permutations, random }: Seen): OwnPairing {
  const places = new Map(examples.map(({ id }, at) => [id, at]));
  return ownPairing(
    texts.map(({ text }) => examples.map((example) => of(text, example.text))),
    texts.map((each) => places.get(each.examples[0]!)!),
    texts.map(({ story }) => story),
    permutations,
    random.fork(name),
  );
}

const testsTable = (tests: readonly { channel: Channel; test: OwnPairing }[]) => ({
  columns: [
    { key: "channel", label: "of its", format: "text" as const },
    { key: "excess", label: "own example minus others", format: "number" as const },
    { key: "p", label: "p", format: "p" as const },
  ],
  rows: tests.map(({ channel, test }) => ({ channel: channel.means, excess: test.excess, p: test.p })),
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

function topicsTable({ titles, examples, texts }: Seen, topics: ReturnType<typeof topicsOf>) {
  const shareOf = (topic: number) =>
    varianceShares(
      titles.map(({ id }) =>
        examples.map((example) =>
          texts
            .filter((text) => text.story === id && text.examples[0] === example.id)
            .map((text) => [topics.weights.get(text.id)![topic]!]),
        ),
      ),
    ).columns;
  return {
    columns: [
      { key: "words", label: "topic", format: "text" as const },
      { key: "share", label: "due to the example", format: "percent" as const },
    ],
    rows: topics.words.map((words, at) => ({ words: words.join(" "), share: shareOf(at) })),
  };
}

const mostPairs = 10;

function pairsTable({ texts, examples }: Seen) {
  const byId = new Map(examples.map((example) => [example.id, example]));
  const space = textSpace([...examples.map(({ text }) => text), ...texts.map(({ text }) => text)]);
  const rows = texts
    .map((text) => {
      const example = byId.get(text.examples[0]!)!;
      const others = examples.filter(({ id }) => id !== example.id);
      const other = others.reduce((sum, { text: theirs }) => sum + space.similarity(text.text, theirs), 0);
      const excess = space.similarity(text.text, example.text) - other / others.length;
      return { text, example, excess };
    })
    .sort((one, other) => other.excess - one.excess)
    .slice(0, mostPairs)
    .map(({ text, example, excess }) => ({
      title: text.title,
      example: marked(example.text, text.text),
      text: marked(text.text, example.text),
      run: longestCommonRun(text.text, example.text).length,
      excess,
    }));
  return {
    columns: [
      { key: "title", label: "title", format: "text" as const },
      { key: "example", label: "example", format: "text" as const },
      { key: "text", label: "text", format: "text" as const },
      { key: "run", label: "longest shared run of words", format: "integer" as const },
      { key: "excess", label: "likeness beyond other examples", format: "number" as const },
    ],
    rows,
  };
}

/** A text with the content words that it shares with another between `»` and `«`. */
function marked(text: string, other: string): string {
  const theirs = new Set(termsOf(other).map(stem));
  return text.replace(/[\p{L}\p{N}\p{M}'’-]+/gu, (word) => {
    const [term = ""] = termsOf(word);
    return term !== "" && !functionWords.has(term) && theirs.has(stem(term)) ? `»${word}«` : word;
  });
}
