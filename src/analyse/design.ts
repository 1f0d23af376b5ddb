import type { Form } from "../study/form.ts";
import type { Key } from "../study/stimulus.ts";
import { sharesOf } from "../tasks/asked.ts";
import { formsFolder, keyFile, readForms, readKey } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import type { Data, Origin } from "./data.ts";

/** How many stories are judged to be human or a machine's, in all and by each reader, of either kind. */
export interface Design {
  readonly stories: Readonly<Record<Origin, number>>;
  readonly each: Readonly<Record<Origin, number>>;
}

/** The design of a study: of its forms where they are made, else of its settings. Throws StudyError where it asks no such question. */
export async function designOf(study: Study): Promise<Design> {
  const design = await designIfAny(study);
  if (design) return design;
  throw new StudyError(
    "compose.tasks: the study does not ask of human and of machine stories which they are",
    {
      hint: "power is planned for human-or-machine; plan apart from the study with --stories and --each",
    },
  );
}

/** The same; undefined where the study asks no such question. */
export async function designIfAny(study: Study): Promise<Design | undefined> {
  const made = (await exists(study.path(formsFolder))) && (await exists(study.path(keyFile)));
  const design = made
    ? designOfForms(await readForms(study), await readKey(study))
    : designOfSettings(study.config.compose);
  return design && design.each.human > 0 && design.each.machine > 0 ? design : undefined;
}

/** The design of the forms that analyses see; undefined where nothing is judged so. */
export function designOfData({ forms, study }: Data): Design | undefined {
  const asked = forms.filter(({ choices }) => choices > 0);
  if (asked.length === 0) return undefined;
  const shown = (origin: Origin) => (study?.stimuli ?? []).filter((one) => one.origin === origin).length;
  const most = (origin: Origin) => asked.reduce((sum, form) => sum + form.stories[origin], 0);
  // A story may stand on several forms, and some that are shown are not judged so.
  const design = ofBoth((origin) => ({
    stories: Math.min(shown(origin), most(origin)),
    each: Math.min(...asked.map((form) => form.stories[origin])),
  }));
  return design.each.human > 0 && design.each.machine > 0 ? design : undefined;
}

function designOfForms(forms: readonly Form[], key: ReadonlyMap<string, Key>): Design | undefined {
  const judged = forms
    .map(({ questions }) => questions.filter(({ task }) => task === choice).flatMap(({ stimuli }) => stimuli))
    .filter((stimuli) => stimuli.length > 0);
  if (judged.length === 0) return undefined;
  const of = (origin: Origin, stimuli: readonly string[]) =>
    new Set(stimuli.filter((id) => key.get(id)?.origin === origin)).size;
  return ofBoth((origin) => ({
    stories: of(origin, judged.flat()),
    each: Math.min(...judged.map((stimuli) => of(origin, stimuli))),
  }));
}

function designOfSettings(compose: Study["config"]["compose"]): Design | undefined {
  const asked = compose.tasks.find(({ task }) => task === choice);
  if (!asked) return undefined;
  const { alone } = sharesOf(compose);
  const most = asked.count === "all" ? Infinity : Math.floor(asked.count / 2);
  return ofBoth((origin) => {
    const each = Math.min(alone[origin], most);
    return { stories: compose.forms * each, each };
  });
}

const choice = "human-or-machine";

function ofBoth(of: (origin: Origin) => { readonly stories: number; readonly each: number }): Design {
  const [human, machine] = [of("human"), of("machine")];
  return {
    stories: { human: human.stories, machine: machine.stories },
    each: { human: human.each, machine: machine.each },
  };
}

/** The design as plans know it, half of it human: of unequal kinds the fewer decide. */
export const evenDesign = ({
  stories,
  each,
}: Design): { readonly stories: number; readonly each: number } => ({
  stories: 2 * Math.min(stories.human, stories.machine),
  each: 2 * Math.min(each.human, each.machine),
});
