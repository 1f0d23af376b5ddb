import type { Finding, Findings } from "../study/finding.ts";
import { Generation } from "../study/generation.ts";
import type { Story } from "../study/story.ts";
import {
  factorialFile,
  generationsFolder,
  influenceFile,
  readGenerations,
  readStories,
  storiesFile,
} from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, readJsonLines, writeWhole } from "../workbench/files.ts";
import { stage } from "../workbench/stage.ts";
import type { Study } from "../workbench/study.ts";
import { doseResponse, levelsOf } from "./dose-response.ts";
import { leak } from "./leak.ts";
import type { Seen } from "./seen.ts";

/** What an example leaks into the text that it was shown for, and whether a tone can be set. */
export const influence = stage({
  name: "influence",
  summary: "Tell what the example leaks into a story, and whether a tone can be set",
  examples: ["tinylove influence --study my-study"],
  reads: [storiesFile, factorialFile, generationsFolder],
  writes: [influenceFile],
  applies: async (study) =>
    study.config.generate.factorial !== undefined || Object.hasOwn(study.config.generate.control, "strength"),
  settings: ({ config: { generate, analyse } }) => ({
    factorial: generate.factorial,
    control: generate.control,
    alpha: analyse.alpha,
  }),
  async run(study, _, effects) {
    const stories = await readStories(study);
    const crossed = await readFactorial(study);
    const levels = levelsOf(await readGenerations(study));
    if (crossed.length === 0 && levels.length === 0) {
      throw new StudyError("there are no texts to tell an influence from", {
        hint: "put `factorial: {}` under `generate:` in study.yaml and run `tinylove factorial`",
      });
    }
    const found: { findings: Finding[]; numbers: Record<string, unknown> }[] = [];
    if (crossed.length > 0) {
      const { topics = 12, permutations = 1999 } = study.config.generate.factorial ?? {};
      const seen: Seen = seenOf(crossed, stories, topics, permutations, study);
      found.push(leak(seen));
    }
    if (levels.length > 0) found.push(doseResponse(levels, stories, study.random("dose")));
    const findings: Findings = {
      analysis: "influence",
      asks: "What does the example leak into the story, and can its tone be set?",
      findings: found.flatMap((each) => each.findings),
      numbers: Object.assign({}, ...found.map((each) => each.numbers)),
    };
    await writeWhole(study.path(influenceFile), `${JSON.stringify(findings, null, 2)}\n`);
    for (const finding of findings.findings)
      if (finding.kind === "sentence" && finding.weight === "result") effects.log(`  ${finding.text}`);
  },
});

const readFactorial = async (study: Study): Promise<Generation[]> =>
  (await exists(study.path(factorialFile))) ? readJsonLines(study.path(factorialFile), Generation) : [];

/**
 * The texts by title, example and draw. A cell that failed leaves its title without balance, so titles with a text
 * missing are left out, and counted.
 */
function seenOf(
  generations: readonly Generation[],
  stories: readonly Story[],
  topics: number,
  permutations: number,
  study: Study,
): Seen {
  const byId = new Map(stories.map((story) => [story.id, story]));
  const examples = [...new Set(generations.flatMap((each) => each.examples))].flatMap(
    (id) => byId.get(id) ?? [],
  );
  const titles = [...new Set(generations.map(({ story }) => story))].flatMap((id) => byId.get(id) ?? []);
  const draws = Math.max(...generations.map(({ attempt }) => attempt));
  const whole = titles.filter(
    ({ id }) =>
      generations.filter(({ story, text }) => story === id && text !== "").length === examples.length * draws,
  );
  if (whole.length < 2 || examples.length < 2) {
    throw new StudyError(`${factorialFile}: fewer than two titles have a text under every example`, {
      hint: "run `tinylove factorial` again; failed texts are asked for again",
    });
  }
  const kept = new Set(whole.map(({ id }) => id));
  return {
    titles: whole,
    examples,
    draws,
    texts: generations.filter(({ story, text }) => kept.has(story) && text !== ""),
    leftOut: titles.length - whole.length,
    topics,
    permutations,
    random: study.random("influence"),
  };
}
