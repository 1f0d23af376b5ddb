import { afterAll, beforeAll, expect, test } from "vitest";
import { jsonLines, writeWhole } from "../../src/workbench/files.ts";
import { type Fixture, fixture, hiddenFields, served, TestClient } from "../survey/fixture.ts";
import { type Measured, tellingNumbers } from "../survey/origin-audit.ts";

// Readers of twelve stories each. `TINYLOVE_READERS=120 npx vitest run test/workplace/hidden-accuracy.test.ts` tests 1,440 pages.
const readers = Number(process.env["TINYLOVE_READERS"] ?? 24);

// At .01 one run in a hundred fails by chance, so the usual test uses a smaller level.
const limit = readers < 120 ? 0.001 : 0.01;

let built: Fixture;
let pages: (Measured & { readonly stimulus: string })[];

beforeAll(async () => {
  const made = await fixture({ forms: 6, stories: 12, survey: { rate: 1_000_000 } });
  // Titles with the same length, by which a page's text is identified.
  const stimuli = made.stimuli.map((stimulus, at) => ({
    ...stimulus,
    title: `Title ${String(at).padStart(3, "0")}`,
  }));
  await writeWhole(made.study.path("stimuli/stimuli.jsonl"), jsonLines(stimuli));
  built = { ...made, stimuli };
  const survey = await served(built.study);
  pages = [];
  for (let reader = 0; reader < readers; reader += 6) {
    const six = await Promise.all(Array.from({ length: 6 }, () => readThrough(survey.url)));
    pages.push(...six.flat());
  }
  await survey.close();
});
afterAll(() => built?.remove());

async function readThrough(url: string) {
  const client = new TestClient(url);
  await client.begin();
  const found = [];
  for (let position = 1; position <= 12; position++) {
    const asked = performance.now();
    const page = await client.get(`/q/${position}`);
    const shown = performance.now();
    const fields = hiddenFields(page.text);
    const reply = await client.post(`/q/${position}`, {
      ...fields,
      answer: position % 2 ? "human" : "machine",
    });
    const stored = performance.now();
    expect(reply.status).toBe(303);
    const stimulus = built.stimuli.find(({ title }) => page.text.includes(`<h2>${title}</h2>`))!;
    const headers = [...page.headers].filter(([name]) => name !== "date");
    found.push({
      stimulus: stimulus.id,
      origin: built.origins.get(stimulus.id)!,
      numbers: {
        position,
        "bytes around the text": Buffer.byteLength(page.text) - textBytes(page.text),
        "lines of markup": page.text.split("\n").length,
        "time of the page": shown - asked,
        "time of the answer": stored - shown,
        headers: headers.length,
        "bytes of headers": JSON.stringify(headers.filter(([name]) => name !== "content-length")).length,
        "bytes of the answer's headers": JSON.stringify(
          [...reply.headers].filter(([name]) => name !== "date"),
        ).length,
        "bytes of the answer": reply.text.length,
        "the page's key": numberOf(fields["key"]!),
        "the page's CSRF token": numberOf(fields["seal"]!),
        attributes: (page.text.match(/ [\w-]+="/g) ?? []).length,
      },
    });
  }
  return found;
}

/** The story and its title, which differ between pages. */
const textBytes = (page: string): number =>
  Buffer.byteLength(/<article[^>]*>(.*)<\/article>/s.exec(page)![1]!.replace(/<[^>]*>/g, ""));

const numberOf = (id: string): number => Buffer.from(id).readUIntBE(0, 5);

test("no number in a page, its order, its time, its ids or its headers is related to the origin of the text", () => {
  expect(pages).toHaveLength(12 * readers);
  expect(new Set(pages.map(({ stimulus }) => stimulus)).size).toBe(72);
  for (const [name, p] of tellingNumbers(pages)) expect([name, p > limit]).toEqual([name, true]);
});

test("and neither is the size of the whole page, for each story", () => {
  const stories = [...new Map(pages.map((page) => [page.stimulus, page])).values()].map(
    ({ stimulus, origin }) => ({
      origin,
      numbers: { bytes: built.stimuli.find(({ id }) => id === stimulus)!.text.length },
    }),
  );
  expect(tellingNumbers(stories).get("bytes")).toBeGreaterThan(limit);
});

test.each<[string, string, (number: number) => number]>([
  ["one byte of markup", "bytes around the text", (bytes) => bytes + 1],
  ["three times the time", "time of the answer", (time) => time * 3],
  ["four places further on", "position", (position) => position + 4],
  ["a header", "headers", (headers) => headers + 1],
])("the audit finds %s more around machine texts", (_, name, more) => {
  const planted = pages.map(({ origin, numbers }) => ({
    origin,
    numbers: { ...numbers, [name]: origin === "machine" ? more(numbers[name]!) : numbers[name]! },
  }));
  expect(tellingNumbers(planted).get(name)).toBeLessThan(0.01);
});
