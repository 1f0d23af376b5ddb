import { expect, test } from "vitest";
import { livePage } from "../../src/generate/live-page.ts";
import { randomFrom } from "../../src/stats/random.ts";
import { untilNextTitle } from "../../src/text/stop.ts";
import { quietEffects } from "../helpers/world.ts";

/** The final screen of a terminal: supports backspace, erase, styles and line breaks. */
function screenOf(written: string): string[] {
  const lines: string[] = [""];
  for (const [, back, erase, style, newline, letter] of written.matchAll(
    /\u001b\[(\d+)D|(\u001b\[K)|(\u001b\[\d*m)|(\n)|(.)/gsu,
  )) {
    const last = lines.length - 1;
    if (back !== undefined) lines[last] = lines[last]!.slice(0, -Number(back));
    else if (newline !== undefined) lines.push("");
    else if (erase === undefined && style === undefined) lines[last] = `${lines[last]}${letter}`;
  }
  return lines;
}

function onScreen(columns = 30, env: Record<string, string> = {}) {
  let written = "";
  const write = (text: string) => {
    written += text;
  };
  const print = (text: string) => write(`${text}\n`);
  const page = livePage(5, untilNextTitle, quietEffects({ terminal: { columns, write }, print, env }));
  return { page, written: () => written, shown: () => screenOf(written) };
}

const story = "She waited by the ferry until the last lamp went out.\n\n“Stay,” he said, and she stayed.";

test("on a terminal every letter appears as soon as it is generated", () => {
  const { page, shown } = onScreen();
  page.add("She wai");
  expect(shown()).toEqual(["She wai"]);
  page.add("ted by");
  expect(shown()).toEqual(["She waited by"]);
});

test("a word that does not fit moves to the next line, and each paragraph starts a line", () => {
  const random = randomFrom(1, "pieces");
  const { page, shown } = onScreen();
  for (let at = 0; at < story.length; ) {
    const length = random.integer(1, 9);
    page.add(story.slice(at, at + length));
    at += length;
  }
  page.end(story);
  expect(shown()).toEqual([
    "She waited by the ferry |",
    "until the last lamp went out.",
    "“Stay,” he said, and she",
    "stayed.",
    "",
    "clipped at 5 of 17 words",
    "",
  ]);
});

test("the beginning of the next title is erased again", () => {
  const { page, shown } = onScreen();
  for (const piece of ["He left.", " Ti", "tle", ": Another"]) page.add(piece);
  expect(shown()).toEqual(["He left."]);
  page.end("He left.");
  expect(shown().join("\n")).toBe("He left.\n\n2 words, too short to be clipped at 5\n");
});

test("the part that readers would not see is dim, and the style is reset at the end", () => {
  const styles = (env: Record<string, string>) => {
    const { page, written } = onScreen(30, env);
    page.add(story);
    page.restore();
    return written().match(/\u001b\[\d*m/g);
  };
  expect(styles({})).toEqual(["\u001b[2m", "\u001b[0m"]);
  expect(styles({ NO_COLOR: "1" })).toBeNull();
});

test("without a terminal whole lines are printed, without control characters", () => {
  const effects = quietEffects();
  const page = livePage(5, untilNextTitle, effects);
  for (const piece of story.split(/(?= )/)) page.add(piece);
  page.end(story);
  expect(effects.printed).toEqual([
    "She waited by the ferry | until the last lamp went out.",
    "“Stay,” he said, and she stayed.",
    "\nclipped at 5 of 17 words",
  ]);
});
