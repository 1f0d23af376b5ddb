import type { Random } from "../stats/random.ts";
import type { ComposeSettings } from "../study/settings/compose.ts";
import type { Key, Stimulus } from "../study/stimulus.ts";
import { clipWords } from "../text/clip.ts";
import type { Study } from "../workbench/study.ts";
import type { Range, Version } from "./candidates.ts";
import { showsWhole } from "./conditions.ts";
import type { Placement } from "./layout.ts";

/** Stimuli in the order of their random ids, so that the file's order reveals nothing. */
export function stimuliOf(
  places: readonly Placement[],
  range: Range,
  settings: ComposeSettings,
  study: Study,
): { stimuli: Stimulus[]; key: Key[] } {
  const pairs = places.map(({ version, shortest }) => {
    const id = stimulusId(version, study);
    if (settings.clip === "none") {
      const { title, text, words } = version;
      return { stimulus: { id, title, text, words, cut: 0 }, key: keyOf(id, version) };
    }
    // Drawn by title, so that both versions get the same length; at least one word is always cut off.
    const length = study
      .random("clip", version.story)
      .integer(range.least, Math.min(range.most, shortest - 1));
    const { text, words, cut } = clipWords(version.text, length, settings.ending);
    const stimulus: Stimulus = {
      ...{ id, title: version.title, text, words, cut },
      ...(showsWhole(settings) && { whole: version.text }),
    };
    return { stimulus, key: keyOf(id, version) };
  });
  pairs.sort((one, other) => (one.stimulus.id < other.stimulus.id ? -1 : 1));
  return { stimuli: pairs.map(({ stimulus }) => stimulus), key: pairs.map(({ key }) => key) };
}

/** The stimulus's random id; the same text and seed give the same id. */
export const stimulusId = (version: Version, study: Study): string =>
  randomId(study.random("stimulus", version.story, version.generation));

const alphabet = "abcdefghijkmnpqrstuvwxyz23456789";

/** Sixteen letters and digits (80 bits) without a meaning. */
export const randomId = (random: Random): string =>
  Array.from({ length: 16 }, () => alphabet[random.integer(0, alphabet.length - 1)]).join("");

const keyOf = (stimulus: string, { origin, story, generation, model, example }: Version): Key => ({
  stimulus,
  origin,
  story,
  generation,
  model,
  example,
});
