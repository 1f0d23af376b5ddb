import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import { cleanStory, leftoverOf, ownHeading } from "../../src/text/clean-story.ts";
import { splitReply } from "../../src/text/thinking.ts";
import { honestStories } from "./honest-stories.ts";

const title = "The Last Ferry";
const story =
  "The ferry left at nine. We stayed on the pier.\n\nShe shared her orange with me, piece by piece.";

/** As `generate` cleans a reply. */
const cleaned = (raw: string) => cleanStory(splitReply(raw).text, title).text;

describe("additions of models around a story are removed", () => {
  test.each([
    ["a heading", `# ${title}\n\n${story}`],
    ["a lower heading", `### The Last Ferry ###\n${story}`],
    ["a bold line", `**${title}**\n\n${story}`],
    ["a bold line in quotation marks", `**"The Last Ferry"**\n\n${story}`],
    ["a line of its own", `The Last Ferry\n\n${story}`],
    ["a line in capitals", `THE LAST FERRY\n\n${story}`],
    ["a quoted line", `"The Last Ferry"\n\n${story}`],
    ["a labelled title", `Title: ${title}\n\n${story}`],
    ["a labelled title and a labelled story", `**Title:** ${title}\n\n**Story:** ${story}`],
    ["both labels on one line", `Title: ${title} Story: ${story}`],
    ["a labelled story", `Story: ${story}`],
    ["a heading that says story", `## Story\n\n${story}`],
    ["quotation marks", `"${story}"`],
    ["curly quotation marks", `“${story}”`],
    ["a block quote", `> ${story.replace(/\n/g, "\n> ")}`],
    ["a fence", `\`\`\`\n${story}\n\`\`\``],
    ["a fence with a name", `\`\`\`text\n${story}\n\`\`\``],
    ["a wrapper tag", `<story>\n${story}\n</story>`],
    ["an introduction", `Here is a very short story titled "The Last Ferry":\n\n${story}`],
    ["an eager introduction", `Sure! Here's a story of about 100 words:\n\n${story}`],
    ["an introduction without a colon", `Certainly! Here is your story.\n\n${story}`],
    ["a plain introduction", `Here is a story:\n${story}`],
    ["a word count in brackets", `${story}\n\n(Word count: 98)`],
    ["a bold word count", `${story}\n\n**Word count:** 98 words`],
    ["a number of words", `${story}\n\n[98 words]`],
    ["a word count on the last line", `${story} (98 words)`],
    ["a note below a rule", `${story}\n\n---\n*Note: this story has 98 words and keeps the tone light.*`],
    ["a note in brackets", `${story}\n\n(Note: I kept it under 100 words.)`],
    ["a plain note on the story", `${story}\n\nNote: This story is written in the first person.`],
    ["an offer", `${story}\n\nLet me know if you would like another version!`],
    ["a hope", `${story}\n\nI hope you enjoy this story.`],
    ["a comment on itself", `${story}\n\nThis story captures the tenderness of an ending.`],
    ["a signature", `${story}\n\n– Claude`],
    ["Windows line ends", `# ${title}\r\n\r\n---\r\n\r\n${story.replace(/\n/g, "\r\n")}`],
    ["JSON", JSON.stringify({ title, story })],
    ["a title in sentence case", `The last ferry\n\n${story}`],
    ["a title and a subtitle", `# The Last Ferry: A Love Story\n\n${story}`],
    ["a bold title before the text", `**The Last Ferry** – ${story}`],
    ["a title in another language", `Título: The Last Ferry\n\n${story}`],
    ["an underlined title", `The Last Ferry\n===\n\n${story}`],
    ["an offer before", `I'd be happy to write that for you.\n\n${story}`],
    ["a tag of its own making", `<short_story>${story}</short_story>`],
    ["hashtags", `${story}\n\n#love #ferry`],
    ["a comment below a rule", `${story}\n\n---\n\nIn this story, the orange stands for what is shared.`],
    ["a placeholder for a name", `${story}\n\nBy [Your Name]`],
    ["rules", `---\n\n${story}\n\n***`],
    [
      "all of it",
      `Sure! Here is a story:\n\n---\n\n# ${title}\n\n"${story}"\n\n---\n\n(98 words)\n\nLet me know if you want more.`,
    ],
  ])("%s", (_, raw) => {
    expect(cleaned(raw)).toBe(story);
    expect(leftoverOf(cleaned(raw), title)).toBeUndefined();
  });

  test("removed parts are named", () => {
    expect(cleanStory(`**${title}**\n\n"${story}"\n\n(98 words)`, title).removed).toEqual([
      { what: "heading", text: `**${title}**` },
      { what: "word count", text: "(98 words)" },
      { what: "quotation marks", text: '"…"' },
    ]);
  });

  test("cleaning a clean story changes nothing", () => {
    for (const raw of [`# ${title}\n\n${story}`, `"${story}"`, story]) {
      const once = cleanStory(raw, title).text;
      expect(cleanStory(once, title)).toEqual({ text: once, removed: [] });
    }
  });
});

describe("a story keeps its own text", () => {
  test("fifty openings", () => {
    expect(honestStories).toHaveLength(50);
    for (const [own, text] of honestStories) {
      expect([own, splitReply(text)]).toEqual([
        own,
        { thinking: "", text, tokens: [], unfinished: false, unopened: false },
      ]);
      expect([own, cleanStory(text, own)]).toEqual([own, { text, removed: [] }]);
    }
  });

  test("the sixty examples", () => {
    const table = new URL("../../examples/first-study/stories.csv", import.meta.url);
    const rows = parse(readFileSync(table), { columns: true }) as Record<string, string>[];
    expect(rows).toHaveLength(60);
    for (const row of rows) expectUntouched(row["title"]!, row["text"] ?? row["story"]!);
  });

  const corpora = join(process.env.TINYLOVE_DATA ?? "", "corpora");
  test.skipIf(!process.env.TINYLOVE_DATA || !existsSync(corpora))(
    "1,163 fables and children's stories (skipped unless TINYLOVE_DATA is set)",
    () => {
      const rows = ["aesop", "african-storybook"].flatMap((name) =>
        readFileSync(`${corpora}/${name}.jsonl`, "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as { title: string; text: string }),
      );
      expect(rows).toHaveLength(1163);
      for (const { title, text } of rows) expectUntouched(title, text);
    },
  );

  function expectUntouched(of: string, text: string): void {
    expect([of, splitReply(text).text]).toEqual([of, text.trim()]);
    expect([of, cleanStory(text, of).removed]).toEqual([of, []]);
    expect([of, leftoverOf(text, of)]).toEqual([of, undefined]);
  }
});

test.each([
  ["line breaks", "\n"],
  ["spaces", " "],
  ["rules", "---\n"],
  ["signatures", "\n- Aa Bb"],
  ["angles", "<"],
  ["brackets", "(98 words) "],
])("two hundred thousand %s are scanned in one pass", (_, piece) => {
  const long = `${story}${piece.repeat(200_000 / piece.length)}${story}`;
  expect(cleanStory(long, title).text.length).toBeGreaterThan(story.length);
  leftoverOf(long, title);
  splitReply(long);
});

test("markup that cannot be cleaned is found", () => {
  const found = (text: string) => leftoverOf(cleanStory(text, title).text, title)?.what;
  expect(found(`${story}\n\n<p>And then.</p>`)).toBe("tag");
  expect(found(`${story} &mdash; and then.`)).toBe("entity");
  expect(found(`# A Walk in the Rain\n\n${story}`)).toBe("heading");
  expect(ownHeading(`**A Walk in the Rain**\n\n${story}`)).toBe("**A Walk in the Rain**");
  expect(found(`${story}\n\n## Part two\n\n${story}`)).toBe("heading");
  expect(found(`Title: A Walk in the Rain\n\n${story}`)).toBe("label");
  expect(found(`${story}</think>and more`)).toBe("tag");
  expect(found(`${story} <|im_middle|> and more`)).toBe("template token");
  expect(leftoverOf(`The Last Ferry\n\n${story}`, title)).toEqual({
    what: "title line",
    found: "The Last Ferry",
  });
  expect(leftoverOf('"Put <br> here," she said.', title, ["<br>"])).toBeUndefined();
});
