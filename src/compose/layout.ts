import type { Random } from "../stats/random.ts";
import type { ComposeSettings } from "../study/settings/compose.ts";
import { storySharesOf } from "../tasks/task-settings.ts";
import { StudyError } from "../workbench/errors.ts";
import { type Candidate, type Candidates, longEnough, usableTogether, type Version } from "./candidates.ts";

/**
 * A text on a form. `shortest` is the number of words of the shortest version of its title that is used (or counts as
 * used): all versions are clipped to one length.
 */
export interface Placement {
  readonly form: number;
  readonly version: Version;
  readonly shortest: number;
  /** Whether it is part of a pair and is not shown alone. */
  readonly paired: boolean;
}

/**
 * Gives every form its human and machine stories. Models take turns over forms and rows, and no title is on a form
 * twice, except for the two stories of a pair with one title. Throws StudyError if there are too few titles.
 */
export function layOut(candidates: Candidates, settings: ComposeSettings, random: Random): Placement[] {
  const pool = new Pool(candidates, random);
  const none = () => tooFew(candidates, settings);
  const { single, pairs } = storySharesOf(settings);
  if (candidates.models.length === 0 && single.machine + pairs > 0)
    throw new StudyError("there are no machine stories", {
      hint: "run `tinylove generate` first",
    });
  const shared = { forms: settings.forms, models: candidates.models, pool, none };
  // The models of the pairs continue the turns after the single stories.
  const ofPairs = { ...shared, firstRow: single.machine };
  return [
    ...separateForms({ ...shared, ...single, firstRow: 0 }).map((place) => ({ ...place, paired: false })),
    ...(settings.pairs === "title"
      ? sameForm({ ...ofPairs, pairs })
      : separateForms({ ...ofPairs, human: pairs, machine: pairs })
    ).map((place) => ({ ...place, paired: true })),
  ];
}

interface Rows {
  readonly forms: number;
  readonly models: readonly string[];
  readonly pool: Pool;
  readonly firstRow: number;
  none(): StudyError;
}

type UnpairedPlacement = Omit<Placement, "paired">;

/**
 * A title's human version is on another form than its machine version. Each title gives both its versions if the
 * counts allow it; either way the lengths of both origins come from the same draws.
 */
function separateForms(rows: Rows & Counts): UnpairedPlacement[] {
  const { forms, human, machine, pool, none } = rows;
  const places: UnpairedPlacement[] = [];
  const humanRows = new Array<number>(forms).fill(0);

  // Machine stories first, because they need a title that their model wrote to; the human version goes to another
  // form.
  for (let slot = 0; slot < forms * machine; slot++) {
    const [form, row] = [slot % forms, Math.floor(slot / forms)];
    const { title, version, shortest } = written(rows, form, row);
    places.push({ form, version, shortest });
    const other = formForHuman(humanRows, form, row, rows);
    if (other === undefined) continue;
    humanRows[other]! += 1;
    places.push({ form: other, version: title.human, shortest });
  }

  // The remaining human stories need further titles. They are clipped as if a machine had written to these titles
  // too: if machines write less than `compose.words.most`, length would otherwise reveal the origin.
  const machineWords = places.flatMap(({ version }) => (version.origin === "machine" ? version.words : []));
  let taken = 0;
  for (let form = 0; form < forms; form++) {
    while (humanRows[form]! < human) {
      const written = machineWords[taken++ % machineWords.length];
      const title = pool.takeHuman(written, none);
      humanRows[form]! += 1;
      const asIfWritten = written ?? title.human.words;
      places.push({ form, version: title.human, shortest: Math.min(title.human.words, asIfWritten) });
    }
  }
  return places;
}

/** Both versions of a title on one form. */
const sameForm = (rows: Rows & { readonly pairs: number }): UnpairedPlacement[] =>
  Array.from({ length: rows.forms * rows.pairs }, (_, slot) => {
    const form = slot % rows.forms;
    const { title, version, shortest } = written(rows, form, Math.floor(slot / rows.forms));
    return [title.human, version].map((one) => ({ form, version: one, shortest }));
  }).flat();

/** The next title that the model in turn wrote to. */
function written({ models, pool, none, firstRow }: Rows, form: number, row: number) {
  const model = models[(form + firstRow + row) % models.length]!;
  const { title, version } = pool.take(model, none);
  return { title, version, shortest: Math.min(version.words, title.human.words) };
}

interface Counts {
  readonly human: number;
  readonly machine: number;
}

/** The form for a title's human version, never the machine version's own; rows shift by different steps. */
function formForHuman(
  rows: readonly number[],
  form: number,
  row: number,
  { forms, human }: Pick<Rows & Counts, "forms" | "human">,
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
  /** Words of the machine versions taken so far, minus those of the human versions. */
  #balance = 0;

  constructor({ titles, range }: Candidates, random: Random) {
    this.#free = random.shuffle(titles.filter(({ human }) => longEnough(human, range)));
    this.#range = range;
  }

  /**
   * The next title with a story by `model` that can be used with the human one. Of whole stories, the title that
   * brings the mean lengths of both sides closest together.
   */
  take(model: string, none: () => StudyError): { readonly title: Candidate; readonly version: Version } {
    const usable = this.#free.flatMap((title) => {
      const version = title.machines.find((one) => one.model === model);
      return version && usableTogether(title.human, version, this.#range) ? [{ title, version }] : [];
    });
    const difference = ({ title, version }: (typeof usable)[number]) => version.words - title.human.words;
    const taken = this.#chosen(usable, (one) => Math.abs(this.#balance + difference(one)), none);
    this.#balance += difference(taken);
    this.#remove(taken.title);
    return taken;
  }

  /** A title for its human story alone; of whole stories, the one whose length is closest to `words`. */
  takeHuman(words: number | undefined, none: () => StudyError): Candidate {
    const title = this.#chosen(this.#free, ({ human }) => Math.abs(human.words - (words ?? 0)), none);
    this.#remove(title);
    return title;
  }

  /** The first of these titles; of whole stories, the first with the least `distance`. */
  #chosen<One>(from: readonly One[], distance: (one: One) => number, none: () => StudyError): One {
    const [first] = from;
    if (first === undefined) throw none();
    if (this.#range.tolerance === undefined) return first;
    return from.reduce((best, one) => (distance(one) < distance(best) ? one : best));
  }

  #remove(title: Candidate): void {
    this.#free.splice(this.#free.indexOf(title), 1);
  }
}

function tooFew(
  { titles, range, models }: Candidates,
  { forms, human, machine }: ComposeSettings,
): StudyError {
  const usable = (model: string) =>
    titles.filter((title) =>
      title.machines.some((one) => one.model === model && usableTogether(title.human, one, range)),
    ).length;
  const counts = models.map((model) => `${usable(model)} by ${model}`).join(", ") || "none by any model";
  if (range.tolerance !== undefined) {
    return new StudyError(
      `too few titles whose human and machine stories both have ${range.cut ? `more than ${range.least}` : `${range.least} to ${range.most}`} words and differ by at most ${range.tolerance * 100} % (${counts}) for ${forms} forms of ${human} human and ${machine} machine stories`,
      {
        hint: "widen compose.words, raise compose.tolerance, ask for fewer forms, or generate more titles (generate.titles, generate.attempts, corpus.split)",
      },
    );
  }
  return new StudyError(
    `too few titles whose human and machine stories both have more than ${range.least} words (${counts}) for ${forms} forms of ${human} human and ${machine} machine stories`,
    {
      hint: "ask for fewer forms, set compose.tooShort to lower, or generate more titles (generate.titles, generate.attempts, corpus.split)",
    },
  );
}
