import { countWords, isWord } from "../text/words.ts";
import type { Effects, Terminal } from "../workbench/effects.ts";

/** Shows a text while it is written, with a mark where a study would clip it (nowhere if `clip` is infinite). */
export interface LivePage {
  /** Shows the text that the model has added. */
  add(text: string): void;
  /** Shows the rest of the whole text, and its length. */
  end(text: string): void;
  /** Restores the terminal, wherever the text stopped. */
  restore(): void;
}

/**
 * On a terminal letters appear as they come, and text after the clip is dim (unless `NO_COLOR` is set); elsewhere
 * whole lines are printed. `storyOf` extracts the story from what the model has written so far.
 */
export function livePage(
  clip: number,
  storyOf: (raw: string) => string,
  { terminal, print, env }: Effects,
): LivePage {
  const output = terminal ? terminalOutput(terminal, !env["NO_COLOR"]) : lineOutput(print);
  let raw = "";
  let settled = 0;
  let words = 0;
  const settle = (parts: readonly string[]) => {
    for (const part of parts.slice(settled)) {
      if (part.includes("\n")) output.breakLine();
      else output.put(part);
      if (isWord(part) && ++words === clip) output.mark();
    }
    settled = Math.max(settled, parts.length);
  };
  return {
    add(text) {
      raw += text;
      const parts = partsOf(storyOf(raw));
      // The last word may still grow, or turn out to be the start of the next title.
      settle(parts.slice(0, -1));
      output.grow(parts.length > settled ? parts.at(-1)! : "");
    },
    end(text) {
      settle(partsOf(text));
      output.restore();
      const total = countWords(text);
      if (clip === Number.POSITIVE_INFINITY) return print(`\n${total} words`);
      print(
        total > clip
          ? `\nclipped at ${clip} of ${total} words`
          : `\n${total} words, too short to be clipped at ${clip}`,
      );
    },
    restore: () => output.restore(),
  };
}

/** Words, and breaks between paragraphs. */
const partsOf = (text: string): string[] => text.match(/\S+|\s*\n\s*/g) ?? [];

interface TextOutput {
  /** The last word so far; empty if it is removed again. */
  grow(word: string): void;
  /** The last word, whole. */
  put(word: string): void;
  breakLine(): void;
  /** Marks where a reader's text would end. */
  mark(): void;
  restore(): void;
}

const widest = 78;

function lineOutput(print: (line: string) => void): TextOutput {
  let line = "";
  const breakLine = () => {
    if (line !== "") print(line);
    line = "";
  };
  const put = (word: string) => {
    if (line.length + word.length + 1 > widest) breakLine();
    line += line === "" ? word : ` ${word}`;
  };
  return { grow() {}, put, breakLine, mark: () => put("|"), restore: breakLine };
}

function terminalOutput({ columns, write }: Terminal, styled: boolean): TextOutput {
  const width = Math.min(widest, columns - 1);
  let line = "";
  let growing = "";
  let dim = false;
  const eraseWord = () => {
    const letters = growing === "" ? 0 : growing.length + Number(line !== "");
    if (letters > 0) write(`\u001b[${letters}D\u001b[K`);
    growing = "";
  };
  const grow = (word: string) => {
    if (!word.startsWith(growing)) eraseWord();
    if (line !== "" && line.length + 1 + word.length > width) {
      eraseWord();
      breakLine();
    }
    write((growing === "" && line !== "" && word !== "" ? " " : "") + word.slice(growing.length));
    growing = word;
  };
  const put = (word: string) => {
    grow(word);
    line += line === "" ? word : ` ${word}`;
    growing = "";
  };
  const breakLine = () => {
    if (line !== "") write("\n");
    line = "";
  };
  return {
    grow,
    put,
    breakLine,
    mark() {
      put("|");
      dim = styled;
      if (dim) write("\u001b[2m");
    },
    restore() {
      eraseWord();
      breakLine();
      if (dim) write("\u001b[0m");
      dim = false;
    },
  };
}
