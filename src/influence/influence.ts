import { readCodebook } from "../coding/codebook.ts";
import { codersOf, codingInputs } from "../coding/codings.ts";
import type { Finding, Findings } from "../study/finding.ts";
import { Generation } from "../study/generation.ts";
import { FactorialSettings } from "../study/settings/generate.ts";
import type { Story } from "../study/story.ts";
import { factorialFile, influenceFile, readStories, storiesFile } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, readJsonLines, writeWhole } from "../workbench/files.ts";
import { stage } from "../workbench/stage.ts";
import type { Study } from "../workbench/study.ts";
import { embeddingInputs, embeddingsOf } from "./embedder.ts";
import type { Factorial } from "./factorial.ts";

/** `tinylove influence`: what an example leaks into the text: words, topics, phrases, tone, meaning and codes. */
export const influence = stage({
  name: "influence",
  examples: ["tinylove factorial --study my-study", "tinylove influence --study my-study"],
  reads: [storiesFile, factorialFile],
  writes: [influenceFile],
  applies: async (study) => study.config.generate.factorial !== undefined,
  inputs: async (study) => [...(await codingInputs(study)), ...embeddingInputs(study)],
  settings: ({ config: { generate, influence: settings, analyse } }) => ({
    factorial: generate.factorial,
    embeddings: settings.embeddings,
    clusters: settings.clusters,
    alpha: analyse.alpha,
  }),
  preflight: (study) => void embeddingInputs(study),
  async run(study, _, effects) {
    const layout = layoutOf(await readFactorial(study), await readStories(study));
    const { texts, examples, titles } = layout;
    const codebook = await readCodebook(study);
    const { topics, permutations } = study.config.generate.factorial ?? FactorialSettings.parse({});
    const shown = [...examples, ...texts].map(({ text }) => text);
    const factorial: Factorial = {
      ...layout,
      topics,
      permutations,
      alpha: study.config.analyse.alpha,
      coders: await codersOf(study, "factorial", [...examples, ...titles, ...texts], codebook),
      variables: codebook.variables,
      embeddings: await embeddingsOf(shown, study, effects),
      random: study.random("influence"),
    };
    // Loaded here and not above: `status` asks every stage, and these load all analyses.
    const [{ leak }, { codes }, { toneTransfer }] = await Promise.all([
      import("./leak.ts"),
      import("./codes.ts"),
      import("./tone.ts"),
    ]);
    const found = [leak, codes, toneTransfer].map((part) => part(factorial));
    const findings: Findings = {
      analysis: "influence",
      question: "What does the example leak into the story?",
      findings: found.flatMap((each): Finding[] => each.findings),
      numbers: Object.assign({}, ...found.map(({ numbers }) => numbers)),
    };
    await writeWhole(study.path(influenceFile), `${JSON.stringify(findings, null, 2)}\n`);
    for (const finding of findings.findings)
      if (finding.kind === "sentence" && finding.role === "result") effects.log(`  ${finding.text}`);
  },
});

async function readFactorial(study: Study): Promise<Generation[]> {
  if (await exists(study.path(factorialFile))) return readJsonLines(study.path(factorialFile), Generation);
  throw new StudyError("there are no factorial texts to analyse", {
    hint: "put `factorial: {}` under `generate:` in study.yaml and run `tinylove factorial`",
  });
}

/**
 * The texts by title, example and draw. The design must be balanced, so titles with a missing text are left out and
 * counted.
 */
function layoutOf(
  generations: readonly Generation[],
  stories: readonly Story[],
): Pick<Factorial, "titles" | "examples" | "draws" | "texts" | "leftOut"> {
  const byId = new Map(stories.map((story) => [story.id, story]));
  const examples = [...new Set(generations.flatMap((each) => each.examples))].flatMap(
    (id) => byId.get(id) ?? [],
  );
  const titles = [...new Set(generations.map(({ story }) => story))].flatMap((id) => byId.get(id) ?? []);
  const draws = Math.max(...generations.map(({ attempt }) => attempt));
  const complete = titles.filter(
    ({ id }) =>
      generations.filter(({ story, text }) => story === id && text !== "").length === examples.length * draws,
  );
  if (complete.length < 2 || examples.length < 2) {
    throw new StudyError(`${factorialFile}: fewer than two titles have a text under every example`, {
      hint: "run `tinylove factorial` again; it repeats failed texts",
    });
  }
  const kept = new Set(complete.map(({ id }) => id));
  return {
    titles: complete,
    examples,
    draws,
    texts: generations.filter(({ story, text }) => kept.has(story) && text !== ""),
    leftOut: titles.length - complete.length,
  };
}
