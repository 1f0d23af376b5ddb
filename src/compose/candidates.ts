import type { Origin } from "../stats/judgments.ts";
import { conditionName, type Generation, selectedAttempts } from "../study/generation.ts";
import { counted } from "../study/print.ts";
import type { ComposeSettings } from "../study/settings/compose.ts";
import type { Story } from "../study/story.ts";
import { leftoverOf } from "../text/clean-story.ts";
import { normaliseText } from "../text/normalise.ts";
import { repairText } from "../text/repair.ts";
import { countWords } from "../text/words.ts";
import { StudyError } from "../workbench/errors.ts";
import { showsWhole } from "./conditions.ts";
import { titlesNeeded } from "./titles-needed.ts";

/** A text that may become a stimulus, in the same normalised form for both origins. */
export interface Version {
  readonly origin: Origin;
  readonly story: string;
  readonly generation: string;
  /** Empty for a human text. */
  readonly model: string;
  readonly example: string;
  readonly title: string;
  readonly text: string;
  readonly words: number;
}

/** A title with its human text and one text of each model. */
export interface Candidate {
  readonly story: string;
  readonly human: Version;
  readonly machines: readonly Version[];
}

export interface Range {
  readonly least: number;
  readonly most: number;
  /** Whether texts are cut: then they need more than the least number of words, and may have any number above. */
  readonly cut: boolean;
  /** If whole stories are shown: how far the lengths of two versions of a title may differ. */
  readonly tolerance?: number | undefined;
}

export interface Candidates {
  readonly titles: readonly Candidate[];
  readonly models: readonly string[];
  /** The lengths for both origins: the declared range, or a lower one with `tooShort: lower`. */
  readonly range: Range;
  readonly failed: number;
}

/**
 * Every test title with its human version and its machine versions. Of a model's attempts at a title the chosen one
 * counts, or the last if none was chosen.
 */
export function candidatesOf(
  stories: readonly Story[],
  generations: readonly Generation[],
  settings: ComposeSettings,
): Candidates {
  const selected = selectedAttempts(generations);
  const written = selected.filter(
    ({ outcome, text }) =>
      text !== "" &&
      outcome !== "failed" &&
      outcome !== "refused" &&
      // A whole story that stops in the middle of a sentence would reveal the machine.
      !(outcome === "cut short" && showsWhole(settings)),
  );
  const models = [...new Set(generations.map(conditionName))].sort();
  const human = stories.filter(({ split, origin }) => split === "test" && origin.by === "human");
  const titles = human.map((story) => ({
    story: story.id,
    human: humanVersion(story),
    machines: written.filter((generation) => generation.story === story.id).map(machineVersion),
  }));
  if (titles.length === 0)
    throw new StudyError("the corpus has no test stories", { hint: "give corpus.split a share for test" });
  assertNoLeftovers(human, written, settings);
  return {
    titles,
    models,
    range: rangeFor(titles, models, settings),
    failed: selected.length - written.length,
  };
}

/**
 * Throws StudyError for texts whose form would reveal their origin: a tag, a template token, an HTML entity, a
 * heading, a line that repeats the title. The rule is the same for both sides.
 */
function assertNoLeftovers(
  stories: readonly Story[],
  written: readonly Generation[],
  { allow }: ComposeSettings,
): void {
  const found = [
    ...stories.map((story) => ({ ...story, by: "human", where: story.title })),
    ...written.map((generation) => ({ ...generation, by: "machine", where: generation.id })),
  ].flatMap(({ text, title, by, where }) => {
    const left = leftoverOf(text, title, allow);
    return left ? [{ by, said: `the ${by} story ${where} contains a ${left.what}, ${left.found}` }] : [];
  });
  const [first] = found;
  if (!first) return;
  const more = found.length > 1 ? ` (and ${counted(found.length - 1, "other text")})` : "";
  const fix =
    first.by === "human"
      ? "correct it in your table and run `tinylove collect` again"
      : "run `tinylove generate`, which cleans it or draws it again (generate.attempts)";
  throw new StudyError(`compose: ${first.said}${more}, which would reveal it to readers`, {
    hint: `${fix}; if it belongs to the story, list it under compose.allow`,
  });
}

/**
 * Whether a text may be shown: longer than the least clip length, so that at least one word is cut off; a whole story
 * has a length within the range.
 */
export const longEnough = ({ words }: Pick<Version, "words">, { least, most, cut }: Range): boolean =>
  cut ? words > least : words >= least && words <= most;

/** Whether a title can be used with this machine version: both are long enough, and whole stories about equally long. */
export function usableTogether(human: Version, machine: Version, range: Range): boolean {
  if (!longEnough(human, range) || !longEnough(machine, range)) return false;
  const { tolerance } = range;
  if (tolerance === undefined) return true;
  const longer = Math.max(human.words, machine.words);
  return Math.abs(human.words - machine.words) <= tolerance * longer;
}

function rangeFor(titles: readonly Candidate[], models: readonly string[], settings: ComposeSettings): Range {
  const { least, most } = settings.words;
  const cut = settings.clip !== "none";
  const tolerance = showsWhole(settings) ? (settings.tolerance ?? 0.1) : undefined;
  const declared = { least, most, cut, tolerance };
  if (settings.tooShort === "drop") return declared;
  const needed = titlesNeeded(settings);
  for (let lower = least; lower > 1; lower--) {
    const range = { least: lower, most, cut, tolerance };
    const usable = titles.filter(
      ({ human, machines }) =>
        longEnough(human, range) &&
        models.every((model) =>
          machines.some((version) => version.model === model && usableTogether(human, version, range)),
        ),
    );
    if (usable.length >= needed) return range;
  }
  return declared;
}

/** A text as readers see it, before the clip; both sides get exactly the same treatment. */
const shownText = (text: string): string =>
  normaliseText(repairText(text, ["broken encoding", "escapes"]).text);

function humanVersion(story: Story): Version {
  const text = shownText(story.text);
  return {
    origin: "human",
    story: story.id,
    generation: "",
    model: "",
    example: "",
    title: shownText(story.title),
    text,
    words: countWords(text),
  };
}

function machineVersion(generation: Generation): Version {
  const text = shownText(generation.text);
  return {
    origin: "machine",
    story: generation.story,
    generation: generation.id,
    model: conditionName(generation),
    example: generation.examples[0] ?? "",
    title: shownText(generation.title),
    text,
    words: countWords(text),
  };
}
