import type { Origin } from "../stats/judgments.ts";
import type { Random } from "../stats/random.ts";
import { listed, printed } from "../study/print.ts";
import type { Key, Stimulus } from "../study/stimulus.ts";
import { repairText } from "../text/repair.ts";
import { readGenerations, readStories } from "../workbench/artefacts.ts";
import type { Effects } from "../workbench/effects.ts";
import type { Study } from "../workbench/study.ts";

/**
 * Checks whether cleaning and normalising have themselves left traces: patterns of punctuation that readers see more
 * on one side and that come from a change, not from the author. Warns if such patterns distinguish human from machine
 * stories. It ignores letters; what the authors wrote is style, which the leak scan checks.
 */
export async function auditCleaning(
  study: Study,
  made: { readonly stimuli: readonly Stimulus[]; readonly key: readonly Key[] },
  effects: Effects,
): Promise<void> {
  const raws = await rawTexts(study);
  const { ending } = study.config.compose;
  const texts = made.stimuli.flatMap(({ text }, at): Audited[] => {
    const { origin, story, generation } = made.key[at]!;
    const raw = raws.get(generation || story);
    const shown = text.endsWith(ending) ? text.slice(0, text.length - ending.length) : text;
    return raw === undefined ? [] : [{ origin, raw, shown }];
  });
  const found = introducedPatterns(texts, study.random("compose", "audit"));
  if (!found) return;
  const { leaks, patterns } = found;
  if (leaks.length === 0) {
    effects.log(
      `  cleaning and normalising: ${patterns} patterns introduced, none distinguishes human from machine stories`,
    );
    return;
  }
  effects.warn(
    `cleaning and normalising may reveal who wrote the stories: ${listed(leaks.map(leakInWords))}; change these places in the corpus or generate these stories again`,
  );
}

/** A text before cleaning, and as readers see it. */
export interface Audited {
  readonly origin: Origin;
  readonly raw: string;
  readonly shown: string;
}

/** A pattern that changes have added more to one side than to the other. */
export interface Leak {
  /** Words as a, capitalised words as A, numbers as 0; ^ is the start of a story. */
  readonly pattern: string;
  /** A place where it was introduced, before and after. */
  readonly before: string;
  readonly after: string;
  /** The mean number of times in a story of each side. */
  readonly human: number;
  readonly machine: number;
}

async function rawTexts(study: Study): Promise<Map<string, string>> {
  const stories = (await readStories(study)).map(({ id, raw, text }) => [id, raw ?? text] as const);
  const generations = (await readGenerations(study)).map(({ id, raw, text }) => [id, raw || text] as const);
  return new Map([...stories, ...generations]);
}

const leakInWords = ({ before, after, human, machine }: Leak): string =>
  `marks as in “${after.trim()}” (from “${before.trim().replaceAll("\n", "⏎")}”) come ${printed(human, "number")} times in a human story and ${printed(machine, "number")} in a machine’s`;

const permutations = 999;
const alpha = 0.05;

/**
 * The patterns that changes introduced and that predict the origin better than the best pattern does in 95 % of
 * permutations (maximum statistic, Westfall and Young 1993). A pattern counts if three things agree: the
 * changes that made it are on one side, readers see it more on that side, and the difference would be smaller without
 * those changes. Undefined with fewer than ten texts, or fewer than three on a side.
 */
export function introducedPatterns(
  texts: readonly Audited[],
  random: Random,
): { readonly leaks: readonly Leak[]; readonly patterns: number } | undefined {
  const labels = texts.map(({ origin }) => Number(origin === "human"));
  const humans = labels.reduce((sum, label) => sum + label, 0);
  if (texts.length < 10 || Math.min(humans, texts.length - humans) < 3) return undefined;

  const introduced = texts.map(changesIn);
  const examples = new Map<string, Change>();
  for (const change of introduced.flat()) {
    const known = examples.get(change.pattern);
    if (!known || change.before.length < known.before.length) examples.set(change.pattern, change);
  }
  const counts = [...examples.keys()].map((pattern) => {
    const made = introduced.map((changes) => changes.filter((change) => change.pattern === pattern).length);
    const seen = texts.map(({ shown }) => timesIn(shapeOf(shown), pattern));
    const left = seen.map((count, at) => Math.max(0, count - made[at]!));
    return { pattern, seen, ranks: [made, seen, left].map(ranksOf) };
  });
  const strength = ({ ranks }: (typeof counts)[number], own: readonly number[]): number => {
    const [made, seen, left] = ranks.map((each) => advantage(each, own));
    const side = Math.sign(made!);
    return Math.min(side * made!, side * seen! - Math.max(0, side * left!));
  };
  const observed = counts.map((each) => strength(each, labels));
  const byChance = Array.from({ length: permutations }, () => {
    const own = random.shuffle(labels);
    return Math.max(0, ...counts.map((each) => strength(each, own)));
  });
  const pOf = (value: number) =>
    (1 + byChance.filter((chance) => chance >= value - 1e-12).length) / (1 + permutations);
  const tested = counts.map((each, at) => ({ ...each, strength: observed[at]!, p: pOf(observed[at]!) }));
  const leaks = tested
    .filter(({ strength, p }) => strength > 0 && p <= alpha)
    .sort((one, other) => other.strength - one.strength)
    .slice(0, 5)
    .map(({ pattern, seen }): Leak => {
      const meanOf = (label: number) => {
        const own = seen.filter((_, at) => labels[at] === label);
        return own.reduce((sum, count) => sum + count, 0) / own.length;
      };
      const { before, after } = examples.get(pattern)!;
      return { pattern, before, after, human: meanOf(1), machine: meanOf(0) };
    });
  return { leaks, patterns: counts.length };
}

/**
 * Whether the lengths of whole stories reveal who wrote them: how much longer one side is, as the area under the ROC
 * curve minus one half, and its p-value by permutation. Undefined with fewer than ten texts, or fewer than three on a side.
 */
export function lengthDifference(
  texts: readonly { readonly origin: Origin; readonly words: number }[],
  random: Random,
): { readonly humanLonger: number; readonly p: number } | undefined {
  const labels = texts.map(({ origin }) => Number(origin === "human"));
  const humans = labels.reduce((sum, label) => sum + label, 0);
  if (texts.length < 10 || Math.min(humans, texts.length - humans) < 3) return undefined;
  const ranks = ranksOf(texts.map(({ words }) => words));
  const humanLonger = advantage(ranks, labels);
  const asFar = Array.from({ length: permutations }, () => advantage(ranks, random.shuffle(labels))).filter(
    (chance) => Math.abs(chance) >= Math.abs(humanLonger) - 1e-12,
  ).length;
  return { humanLonger, p: (1 + asFar) / (1 + permutations) };
}

/** How much more of something human texts have than machine texts: the area under the ROC curve minus one half. */
function advantage(ranks: readonly number[], labels: readonly number[]): number {
  const humans = labels.reduce((sum, label) => sum + label, 0);
  const sum = ranks.reduce((total, rank, at) => total + rank * labels[at]!, 0);
  return (sum - (humans * (humans + 1)) / 2) / (humans * (labels.length - humans)) - 0.5;
}

/** Ranks from 1; ties get their mean rank. */
function ranksOf(values: readonly number[]): number[] {
  const order = values.map((_, at) => at).sort((one, other) => values[one]! - values[other]!);
  const ranks = new Array<number>(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end += 1;
    for (let at = start; at < end; at++) ranks[order[at]!] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

interface Change {
  readonly pattern: string;
  readonly before: string;
  readonly after: string;
}

interface Token {
  /** The form for comparison: other forms of the same mark count as equal. */
  readonly same: string;
  readonly text: string;
}

/**
 * The changes between a raw text and what readers see, each with the sign before and after it. Unified forms of a
 * mark, and a line break after a sentence that became a space, do not count as changes.
 */
function changesIn({ raw, shown }: Audited): Change[] {
  const [from, to] = [tokensOf(repairText(raw).text.slice(-20_000)), tokensOf(shown)];
  const changes: Change[] = [];
  for (const { removed, added } of differences(from, to)) {
    // The rest after the clip was cut off, with the last sign.
    if (added[1] >= to.length) continue;
    const start = beforeOf(to, added[0]);
    const end = afterOf(to, added[1]);
    const after = textIn(to, start, end);
    const pattern = (start < 0 ? "^" : "") + shapeOf(after);
    // Words next to words are a pattern only if a line break between them was removed.
    const isJoined = from.slice(...removed).some(({ same }) => same === "\n");
    if (/^\^?[aA0 ]*$/.test(pattern) && pattern !== "^a" && !isJoined) continue;
    const before = textIn(from, Math.max(0, removed[0] - 1), Math.min(from.length, removed[1] + 1));
    changes.push({ pattern, before: before.length > 60 ? `${before.slice(0, 59)}…` : before, after });
  }
  return changes;
}

const textIn = (tokens: readonly Token[], start: number, end: number): string =>
  tokens
    .slice(Math.max(0, start), end)
    .map(({ text }) => text)
    .join("");

/** The last sign before a place that is not a space; -1 at the start. */
function beforeOf(tokens: readonly Token[], at: number): number {
  let start = at - 1;
  while (start >= 0 && tokens[start]!.same === " ") start -= 1;
  return start;
}

function afterOf(tokens: readonly Token[], at: number): number {
  let end = at;
  while (end < tokens.length && tokens[end]!.same === " ") end += 1;
  return Math.min(tokens.length, end + 1);
}

/** Words, numbers, spaces and single marks. Spaces around dashes and ellipses are normalised. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const spaced = text
    .trim()
    .replace(/\r\n?/g, "\n")
    .replace(/(?<=\d)(?=[¼½¾⅐-⅞↉])/g, " ")
    .replace(/[¼½¾⅐-⅞↉]/g, (fraction) => fraction.normalize("NFKC"))
    .replaceAll("\u2044", "/")
    .replace(/\s*(?:[—–―⸺−]|--+|(?<=\s)-(?=\s))\s*/g, " – ")
    .replace(/\s*(?:…|\.(?: ?\.){2,})\s*/g, "… ");
  for (const [piece] of spaced.matchAll(/\p{L}[\p{L}\p{M}]*|\p{N}+|\s+|./gsu)) {
    const last = tokens.at(-1)?.same ?? ".";
    if (/^\s/.test(piece)) {
      // A line break without punctuation before it is lost when lines are joined.
      const broken = piece.includes("\n") && /[\p{L}\p{N},]$/u.test(last);
      tokens.push({ same: broken ? "\n" : " ", text: broken ? "\n" : " " });
    } else {
      const same = /[“”„‟«»"]/.test(piece)
        ? '"'
        : /[‘’‚‛'`´]/.test(piece)
          ? "'"
          : /[‐‑]/.test(piece)
            ? "-"
            : piece;
      tokens.push({ same, text: piece });
    }
  }
  return tokens;
}

/** The differences between two lists, by their longest common subsequence. */
function differences(from: readonly Token[], to: readonly Token[]) {
  const [rows, columns] = [from.length, to.length];
  const width = columns + 1;
  const lengths = new Uint16Array((rows + 1) * width);
  for (let row = rows - 1; row >= 0; row--) {
    for (let column = columns - 1; column >= 0; column--) {
      const below = (row + 1) * width;
      lengths[row * width + column] =
        from[row]!.same === to[column]!.same
          ? lengths[below + column + 1]! + 1
          : Math.max(lengths[below + column]!, lengths[row * width + column + 1]!);
    }
  }
  const found: { removed: readonly [number, number]; added: readonly [number, number] }[] = [];
  let [row, column] = [0, 0];
  while (row < rows || column < columns) {
    const [firstRow, firstColumn] = [row, column];
    while (row < rows || column < columns) {
      if (row < rows && column < columns && from[row]!.same === to[column]!.same) break;
      const skipRow =
        row < rows &&
        (column >= columns || lengths[(row + 1) * width + column]! >= lengths[row * width + column + 1]!);
      if (skipRow) row += 1;
      else column += 1;
    }
    if (row > firstRow || column > firstColumn)
      found.push({ removed: [firstRow, row], added: [firstColumn, column] });
    while (row < rows && column < columns && from[row]!.same === to[column]!.same) {
      row += 1;
      column += 1;
    }
  }
  return found;
}

/** A text without its words: a for words, A for capitalised words, 0 for numbers. */
const shapeOf = (text: string): string =>
  text
    .replace(/\p{Lu}[\p{L}\p{M}]*/gu, "\uE000")
    .replace(/\p{L}[\p{L}\p{M}]*/gu, "a")
    .replaceAll("\uE000", "A")
    .replace(/\p{N}+/gu, "0")
    .replace(/\s+/g, " ");

function timesIn(shape: string, pattern: string): number {
  if (pattern.startsWith("^")) return Number(shape.startsWith(pattern.slice(1)));
  let times = 0;
  for (let at = shape.indexOf(pattern); at >= 0; at = shape.indexOf(pattern, at + 1)) times += 1;
  return times;
}
