import { type Html, html } from "./html.ts";

const leastRun = 3;

/** A text with marks on the words that it shares with another: strong for runs of three or more, light for others. */
export function marked(text: string, other: string): Html {
  const words = text.split(/(\s+)/);
  const theirs = wordsOf(other);
  const theirRuns = new Set(runsOf(theirs));
  const known = new Set(theirs.filter((word) => word.length >= 5));
  const mine = words.map(plain);
  const inRun = positionsInRuns(mine, theirRuns);
  return html`${words.map((word, at) => {
    if (inRun.has(at)) return html`<mark class="run">${word}</mark>`;
    return known.has(mine[at]!) ? html`<mark>${word}</mark>` : word;
  })}`;
}

/** Places of the words of `mine` (blanks are empty) that belong to a run of words in `runs`. */
function positionsInRuns(mine: readonly string[], runs: ReadonlySet<string>): Set<number> {
  const places = mine.flatMap((word, at) => (word === "" ? [] : [at]));
  const found = new Set<number>();
  for (let first = 0; first + leastRun <= places.length; first++) {
    const run = places.slice(first, first + leastRun);
    if (runs.has(run.map((at) => mine[at]).join(" "))) for (const at of run) found.add(at);
  }
  return found;
}

const runsOf = (words: readonly string[]): string[] =>
  words.flatMap((_, at) => (at + leastRun <= words.length ? [words.slice(at, at + leastRun).join(" ")] : []));

const wordsOf = (text: string): string[] => text.split(/\s+/).map(plain).filter(Boolean);

const plain = (word: string): string => word.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
