import type { Random } from "../stats/random.ts";
import type { ComposeSettings } from "../study/settings/compose.ts";
import { StudyError } from "../workbench/errors.ts";
import { type Candidate, type Candidates, longEnough, type Version } from "./candidates.ts";

/** A version on a form. `shortest` is the length of the shortest of its title's versions in use: the clip has to hold for all. */
export interface Place {
  readonly form: number;
  readonly version: Version;
  readonly shortest: number;
}

/**
 * Gives every form its human and machine stories: models take turns over forms and rows; a title's human version
 * stands on another form than its machine version, and no title stands twice on a form. Each title in use gives
 * both its versions where the counts allow, so that the lengths of both origins come from the same draws.
 * Throws StudyError when there are too few titles.
 */
export function layOut(candidates: Candidates, settings: ComposeSettings, random: Random): Place[] {
  const { forms, human, machine } = settings;
  const pool = new Pool(candidates, random);
  const places: Place[] = [];
  const humanRows = new Array<number>(forms).fill(0);

  // Machine stories first, for they need a title that their model could write; the title's human version goes elsewhere.
  for (let slot = 0; slot < forms * machine; slot++) {
    const form = slot % forms;
    const row = Math.floor(slot / forms);
    const model = candidates.models[(form + row) % candidates.models.length];
    const title = pool.take(model, () => tooFew(candidates, settings));
    const version = title.machines.find((one) => one.model === model)!;
    const shortest = Math.min(version.words, title.human.words);
    places.push({ form, version, shortest });
    const other = formForHuman(humanRows, form, row, settings);
    if (other === undefined) continue;
    humanRows[other]! += 1;
    places.push({ form: other, version: title.human, shortest });
  }

  // Human stories that are still wanted take titles of their own.
  for (let form = 0; form < forms; form++) {
    while (humanRows[form]! < human) {
      const title = pool.take(undefined, () => tooFew(candidates, settings));
      humanRows[form]! += 1;
      places.push({ form, version: title.human, shortest: title.human.words });
    }
  }
  return places;
}

/** The form, other than the machine version's own, for a title's human version; rows shift by different steps. */
function formForHuman(
  rows: readonly number[],
  form: number,
  row: number,
  { forms, human }: ComposeSettings,
): number | undefined {
  for (let step = 0; step < forms - 1; step++) {
    const other = (form + 1 + ((row + step) % (forms - 1))) % forms;
    if (rows[other]! < human && rows[other]! <= row) return other;
  }
  return undefined;
}

/** Titles not yet in use, in random order. */
class Pool {
  readonly #free: Candidate[];
  readonly #range: Candidates["range"];

  constructor({ titles, range }: Candidates, random: Random) {
    this.#free = random.shuffle(titles.filter(({ human }) => longEnough(human, range)));
    this.#range = range;
  }

  /** The next title that `model` wrote a long enough story to (any title, without a model). */
  take(model: string | undefined, none: () => StudyError): Candidate {
    const at = this.#free.findIndex(
      ({ machines }) =>
        model === undefined ||
        machines.some((version) => version.model === model && longEnough(version, this.#range)),
    );
    if (at < 0) throw none();
    return this.#free.splice(at, 1)[0]!;
  }
}

function tooFew(
  { titles, range, models }: Candidates,
  { forms, human, machine }: ComposeSettings,
): StudyError {
  const usable = (model: string) =>
    titles.filter(
      (title) =>
        longEnough(title.human, range) &&
        title.machines.some((one) => one.model === model && longEnough(one, range)),
    ).length;
  const counts = models.map((model) => `${usable(model)} by ${model}`).join(", ") || "none by any model";
  return new StudyError(
    `too few titles whose human and machine stories both have more than ${range.least} words (${counts}) for ${forms} forms of ${human} human and ${machine} machine stories`,
    {
      hint: "ask for fewer forms, set compose.tooShort to lower, or generate more titles (generate.titles, generate.attempts, corpus.split)",
    },
  );
}
