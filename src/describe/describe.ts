import { codingInputs, cuesFile, writeCoder } from "../coding/codings.ts";
import { textsOf } from "../coding/texts.ts";
import type { Measure } from "../measures/measure.ts";
import { localModelSettings } from "../measures/perplexity.ts";
import { cuesCoder } from "../study/coding.ts";
import {
  codesFile,
  descriptionFile,
  generationsFolder,
  readGenerations,
  readStories,
  storiesFile,
} from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { writeWhole } from "../workbench/files.ts";
import { stage } from "../workbench/stage.ts";
import type { Study } from "../workbench/study.ts";

/** `tinylove describe`: measures every text, as a table and as findings. */
export const describe = stage({
  name: "describe",
  examples: ["tinylove describe --study my-study"],
  reads: [storiesFile, generationsFolder],
  writes: [codesFile, descriptionFile, cuesFile],
  inputs: async (study) => [...(await codingInputs(study)), ...study.plugins.filesOf("measure")],
  settings: ({ config }) => ({
    ...config.describe,
    limit: config.corpus.words.warn,
    model: localModelSettings(config),
  }),
  async preflight(study) {
    const { measures, skip } = study.config.describe;
    if (measures || skip.length > 0 || study.plugins.members.length > 0) await wantedMeasures(study);
  },
  async run(study, _, effects) {
    // Loaded here and not above: `status` asks every stage, and these load all measures.
    const [{ codedTexts }, { Corpus }, { codesCsv }, { description }, { measureTexts }] = await Promise.all([
      import("../coding/coded.ts"),
      import("../measures/corpus.ts"),
      import("./codes-table.ts"),
      import("./description.ts"),
      import("./measure-texts.ts"),
    ]);
    const wanted = await wantedMeasures(study);
    const stories = await readStories(study);
    const generations = await readGenerations(study);
    const texts = textsOf(stories, generations);
    const measurements = await measureTexts(study, wanted, texts, new Corpus(stories), effects);
    const coded = await codedTexts(study, texts);
    const wordLimit = study.config.corpus.words.warn;
    const found = description(texts, measurements, coded, wordLimit, study.random("describe"));
    await writeCoder(study, coded.coders.find(({ name }) => name === cuesCoder)!);
    await writeWhole(study.path(codesFile), codesCsv(texts, measurements, coded));
    await writeWhole(study.path(descriptionFile), `${JSON.stringify(found, null, 2)}\n`);
    effects.log(`  ${texts.length} texts, ${measurements.measures.length} measures: ${codesFile}`);
  },
});

/** The measures that the settings ask for. Throws StudyError for an unknown one. */
async function wantedMeasures(study: Study): Promise<Measure[]> {
  const { measuresOf } = await import("../measures/measures.ts");
  const measures = measuresOf(study);
  const settings = study.config.describe;
  const known = new Set(measures.map(({ name }) => name));
  for (const key of ["measures", "skip"] as const) {
    const unknown = settings[key]?.find((name) => !known.has(name));
    if (unknown !== undefined) {
      throw new StudyError(`describe.${key}: unknown measure ${unknown}`, {
        hint: `try ${[...known].join(", ")}`,
      });
    }
  }
  return measures.filter(
    ({ name }) => (settings.measures?.includes(name) ?? true) && !settings.skip.includes(name),
  );
}
