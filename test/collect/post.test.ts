import { expect, test } from "vitest";
import { parsePost } from "../../src/collect/parse/post.ts";
import { type PostFixture, pageOfPost, posts } from "./posts.ts";

const expectedOf = (post: PostFixture) => ({
  title: post.headline,
  address: `https://www.nytimes.com${post.path}`,
  date: post.date,
  stories: post.stories.map(({ title, paragraphs, author, place = "", note = "" }) => ({
    title,
    text: paragraphs.join("\n"),
    author,
    place,
    reprint: note !== "",
    note,
  })),
});

const ways = {
  "its markup alone": { data: false },
  "its data as a tree": { shape: "tree", drawn: false },
  "its data as a table of nodes": { shape: "state", drawn: false },
  "markup and data": { shape: "tree" },
} as const;

for (const [way, options] of Object.entries(ways)) {
  test.each(posts.map((post) => [post.headline, post] as const))(`from ${way}: %s`, (_, post) => {
    expect(parsePost(pageOfPost(post, options))).toEqual(expectedOf(post));
  });
}

/** A page of one story with these paragraphs. */
const page = (...paragraphs: string[]) =>
  `<section name="articleBody"><h2>Title</h2>${paragraphs.map((inside) => `<p>${inside}</p>`).join("")}</section>`;

const storyIn = (...paragraphs: string[]) => parsePost(page(...paragraphs)).stories[0]!;

test.each([
  ["He stayed. — <em>Ann Lee</em>", "He stayed.", "Ann Lee"],
  ["He stayed.—<em>Ann Lee</em>", "He stayed.", "Ann Lee"],
  ["Did he stay? — <em>Ann Lee</em>", "Did he stay?", "Ann Lee"],
  ["“I stayed.” — <em>Ann Lee</em>", "“I stayed.”", "Ann Lee"],
  ["He stayed. – <i>Ann Lee</i>", "He stayed.", "Ann Lee"],
  ["He stayed. -- <em>Ann Lee</em>.", "He stayed.", "Ann Lee"],
  ["He stayed. <em>— Ann Lee</em>", "He stayed.", "Ann Lee"],
  ["He stayed. <em>Ann Lee</em>", "He stayed.", "Ann Lee"],
  ["He stayed. — <em>Ann </em><em>Lee</em> ", "He stayed.", "Ann Lee"],
  ["He stayed. — Ann Lee", "He stayed.", "Ann Lee"],
  [
    "He — or so I thought — stayed. — <em>Ann van der Lee</em>",
    "He — or so I thought — stayed.",
    "Ann van der Lee",
  ],
  ["He said <em>stay</em>, and I did. — <em>A. B. Lee</em>", "He said stay, and I did.", "A. B. Lee"],
  ["He stayed —<br> — <em>Ann Lee</em>", "He stayed —", "Ann Lee"],
])("the author is separated from the text: %s", (inside, text, author) => {
  expect(storyIn(inside)).toMatchObject({ text, author });
});

test.each([
  ["I meant <em>stay</em>.", "I meant stay."],
  ["He whispered it. <em>Stay.</em>", "He whispered it. Stay."],
  [
    "There was one thing left — <em>us</em> — and we kept it.",
    "There was one thing left — us — and we kept it.",
  ],
  ["We had what we had. — or so I tell it now", "We had what we had. — or so I tell it now"],
])("a text without a signature keeps its end: %s", (inside, text) => {
  expect(storyIn(inside)).toMatchObject({ text, author: "" });
});

test("a reprint's note may be in the author's italics, after them, or on its own line", () => {
  const expected = {
    text: "He stayed.",
    author: "Ann Lee",
    reprint: true,
    note: "originally published on June 5, 2019",
  };
  const note = "originally published on June 5, 2019";
  expect(storyIn(`He stayed. — <em>Ann Lee (${note})</em>`)).toMatchObject(expected);
  expect(storyIn(`He stayed. — <em>Ann Lee</em> (<a href="/x">${note}</a>)`)).toMatchObject(expected);
  expect(storyIn("He stayed. — <em>Ann Lee</em>", `(${note}.)`)).toMatchObject(expected);
});

test("what follows the author does not belong to the story; a story without an author ends at the next title", () => {
  expect(storyIn("One.", "Two. — <em>Ann Lee</em>", "Sign up for our newsletter.")).toMatchObject({
    text: "One.\nTwo.",
  });
  expect(storyIn("One.", "Two.", '<a href="/x">See more</a>')).toMatchObject({
    text: "One.\nTwo.",
    author: "",
  });
});

test("a title without a story is kept, for validation to report", () => {
  expect(storyIn()).toMatchObject({ title: "Title", text: "" });
});

test("bold paragraphs are titles if there is no heading", () => {
  const html = `<section name="articleBody"><p><strong>Title</strong></p><p>He stayed. — <em>Ann Lee</em></p></section>`;
  expect(parsePost(html).stories).toMatchObject([{ title: "Title", text: "He stayed.", author: "Ann Lee" }]);
});

test("captions are not part of a story", () => {
  const html = page("One.", "Two. — <em>Ann Lee</em>").replace(
    "<p>Two",
    "<figure><p>A caption</p></figure><p>Two",
  );
  expect(parsePost(html).stories[0]).toMatchObject({ text: "One.\nTwo." });
});

test.each([
  ["nothing", ""],
  ["no markup", "just text"],
  ["data that is broken", '<script>window.__preloadedData = {"initialData": {"data": {</script>'],
  ["data of another kind", "<script>window.__preloadedData = [1, undefined];</script>"],
  [
    "data that refers to itself",
    '<script>window.__preloadedData = {"initialState": {"ROOT_QUERY": {"workOrLocation": {"id": "ROOT_QUERY"}}}}</script>',
  ],
])("a page of %s is a post without stories", (_, html) => {
  expect(parsePost(html).stories).toEqual([]);
});
