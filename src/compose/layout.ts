import type { Random } from "../stats/random.ts";
import type { ComposeSettings } from "../study/settings/compose.ts";
import { storySharesOf } from "../tasks/task-settings.ts";
import { StudyError } from "../workbench/errors.ts";
import { type Candidate, type Candidates, longEnough, type Version } from "./candidates.ts";

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
      const title = pool.take(undefined, none);
      humanRows[form]! += 1;
      const asIfWritten = machineWords[taken++ % machineWords.length] ?? title.human.words;
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
  const model = models[(form + firstRow + row) % models.length];
  const title = pool.take(model, none);
  const version = title.machines.find((one) => one.model === model)!;
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

  constructor({ titles, range }: Candidates, random: Random) {
    this.#free = random.shuffle(titles.filter(({ human }) => longEnough(human, range)));
    this.#range = range;
  }

  /** The next title with a long enough story by `model` (any title if there is no model). */
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
