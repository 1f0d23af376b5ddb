import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { compose } from "../../src/compose/compose.ts";
import { exportForms } from "../../src/exchange/export-forms.ts";
import { type Random, randomFrom } from "../../src/stats/random.ts";
import type { Story } from "../../src/study/story.ts";
import { readForms, readKey, readStimuli } from "../../src/workbench/artefacts.ts";
import { jsonLines, readText, writeWhole } from "../../src/workbench/files.ts";
import type { Study } from "../../src/workbench/study.ts";
import { generationOf } from "../helpers/generations.ts";
import { temporaryStudy } from "../helpers/world.ts";
import { hiddenFields, quietEffects, served, TestClient } from "./fixture.ts";
import { originAudit, type Received } from "./origin-audit.ts";

const random = randomFrom("pair audit");
const vocabulary =
  "she he they came went kept the a letter train garden window rain winter tea and but so then".split(" ");
const prose = (words: number, own: Random) =>
  Array.from({ length: words }, () => own.pick(vocabulary)).join(" ");

const forms = 3;
const perForm = 56;

/** Pairs made by `compose`, with machine stories shorter than human ones: only the clip makes lengths equal. */
async function composed(pairs: "title" | "mixed"): Promise<Study> {
  const settings = {
    name: "pairs",
    survey: { rate: 1_000_000 },
    compose: {
      forms,
      human: perForm,
      machine: perForm,
      pairs,
      tasks: [{ task: "which-is-human" }],
      words: { least: 40, most: 100 },
    },
  };
  const study = await temporaryStudy(settings);
  const origin = { by: "human" as const, source: "test", author: "A", licence: "CC0-1.0" };
  const titles = Array.from({ length: forms * perForm }, (_, at) => ({
    id: `s${at}`,
    title: `Title ${((at * 89) % 168).toString(36).padStart(4, "0")}`,
    group: `g${at}`,
    words: random.integer(90, 160),
    split: "test" as const,
  }));
  const stories = titles.map((one): Story => ({ ...one, origin, text: prose(one.words, random) }));
  const generations = titles.map(({ id, title }) =>
    generationOf({
      id: `g-${id}`,
      story: id,
      title,
      examples: ["e"],
      text: prose(random.integer(45, 70), random),
    }),
  );
  await writeWhole(study.path("study.yaml"), stringify(settings));
  await writeWhole(study.path("corpus/stories.jsonl"), jsonLines(stories));
  await writeWhole(study.path("generations/a/one-shot.jsonl"), jsonLines(generations));
  await compose.run(study, {}, quietEffects());
  return study;
}

const titleOf = (html: string) => /<h2>([^<]+)<\/h2>/.exec(html)![1]!;

/** Every pair as a participant receives it, labelled by the author of the left story, and every single story of a pair. */
async function receive(study: Study): Promise<{ pages: Received[]; sides: Received[] }> {
  const key = await readKey(study);
  const byText = new Map((await readStimuli(study)).map((stimulus) => [stimulus.text, stimulus]));
  const survey = await served(study);
  const pages: Received[] = [];
  const sides: Received[] = [];
  for (let form = 0; form < forms; form++) {
    const client = new TestClient(survey.url);
    await client.begin();
    for (let position = 1; position <= perForm; position++) {
      const began = performance.now();
      const page = await client.get(`/q/${position}`);
      const ms = performance.now() - began;
      const reply = await client.post(`/q/${position}`, { ...hiddenFields(page.text), answer: "left" });
      const sections = page.text.match(/<section [\s\S]*?<\/section>/g)!;
      const shown = sections.map((section) => byText.get(/<p>([^<]+)<\/p><\/article>/.exec(section)![1]!)!);
      const [left, right] = shown;
      const headers = JSON.stringify([[...page.headers], [...reply.headers], reply.location]);
      const body = page.text + reply.text;
      const numbers = { ms, position, length: body.length, longer: left!.words - right!.words };
      pages.push({ stimulus: titleOf(body), origin: key.get(left!.id)!.origin, body, headers, numbers });
      for (const [at, section] of sections.entries()) {
        const { id, text, words } = shown[at]!;
        const markup = section.length - text.length;
        sides.push({
          stimulus: id,
          origin: key.get(id)!.origin,
          body: section,
          headers: "",
          numbers: { words, markup, position },
        });
        expect(body).not.toContain(id);
      }
    }
  }
  await survey.close();
  return { pages: inOrder(pages), sides: inOrder(sides) };
}

/** The exported page's data for every pair, with ids and positions, in composed and in swapped order. */
async function exported(study: Study): Promise<Received[]> {
  const key = await readKey(study);
  await exportForms.run(study.folder, { format: "jspsych" }, quietEffects());
  const all = (await readForms(study)).map(async ({ id, questions }) => {
    const { stories } = JSON.parse(await readText(study.path(`exports/jspsych/${id}.json`)));
    return (stories as [Trial][]).map(([trial], position): Received => {
      const { stimuli } = questions.find((question) => question.id === trial.data.question)!;
      return {
        stimulus: titleOf(trial.preamble),
        origin: key.get(stimuli[0]!)!.origin,
        body: JSON.stringify(trial),
        headers: "",
        numbers: { position },
      };
    });
  });
  return inOrder((await Promise.all(all)).flat());
}

interface Trial {
  readonly preamble: string;
  readonly data: { readonly question: string };
}

const inOrder = (received: Received[]) =>
  received.sort((one, other) => (one.stimulus < other.stimulus ? -1 : 1));

// 84 of 168 pairs are classified: 0.5 +/- 0.22 is 4 standard errors.
const chance = 0.22;
const offChance = (received: Received[]) => Math.abs(originAudit(received) - 0.5);

describe.each(["title", "mixed"] as const)("of pairs (%s)", async (pairs) => {
  const study = await composed(pairs);
  const { pages, sides } = await receive(study);

  test("no page reveals which story is human, and neither does half of it, with one story", () => {
    expect([pages.length, sides.length]).toEqual([168, 336]);
    expect(offChance(pages)).toBeLessThan(chance);
    expect(offChance(sides)).toBeLessThan(chance);
  });

  test("human stories are on the left about as often as on the right", () => {
    const left = pages.filter(({ origin }) => origin === "human").length;
    // 84 of 168 with a standard error of 6.5.
    expect(Math.abs(left - 84)).toBeLessThan(23);
  });

  test("the exported page reveals no more", async () => {
    const trials = await exported(study);
    expect(trials).toHaveLength(168);
    expect(offChance(trials)).toBeLessThan(chance);
  });

  // Stories with the same title have the same length; those with two titles do not, which is a harder test.
  const tell = pairs === "title" ? 1 : 40;
  test.each<[string, (one: Received, human: boolean) => Received]>([
    [
      "a class name",
      (one, human) => ({ ...one, body: one.body.replace("which", human ? "which h" : "which") }),
    ],
    [
      "a machine's story that is shorter than its pair's lengths let it be",
      (one, human) => ({
        ...one,
        numbers: { ...one.numbers, longer: one.numbers["longer"]! + (human ? tell : -tell) },
      }),
    ],
    [
      "the time",
      (one, human) => ({ ...one, numbers: { ...one.numbers, ms: one.numbers["ms"]! + (human ? 50 : 0) } }),
    ],
  ])("the audit finds %s", (_, plant) => {
    expect(originAudit(pages.map((one) => plant(one, one.origin === "human")))).toBeGreaterThan(0.5 + chance);
  });
});
