import { declaredAnalysis } from "../registration/registration.ts";
import type { StudyPlan } from "../stats/simulate-study.ts";
import type { Form } from "../study/form.ts";
import { methodOf } from "../study/settings/analyse.ts";
import type { Key, Stimulus } from "../study/stimulus.ts";
import { isClosed, levelsOf } from "../tasks/items.ts";
import { allAboutItems, storySharesOf } from "../tasks/task-settings.ts";
import { taskNamed, taskNames } from "../tasks/tasks.ts";
import { formsFolder, keyFile, readForms, readKey, readStimuli } from "../workbench/artefacts.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import type { Data, Origin } from "./data.ts";

/** The number of judged stories of each origin, in total and per reader. */
export interface Design {
  readonly stories: Readonly<Record<Origin, number>>;
  readonly each: Readonly<Record<Origin, number>>;
  /** The number of titles shared by human and machine stories; undefined if there are none, or titles are not clusters. */
  readonly titles?: number;
  /** The forms, or classes of readers, by which the verdict is clustered. */
  readonly groups?: { readonly count: number; readonly hold: "readers" | "all" };
}

/** The design of a study, from its forms if they exist, else from its settings. Throws StudyError if it does not ask about origin. */
export async function designOf(study: Study): Promise<Design> {
  const design = await designIfAny(study);
  if (design) return design;
  throw new StudyError(
    "compose.tasks: the study does not ask of human and of machine stories which they are",
    {
      hint: `power is planned for ${taskNames("choice", { asksOrigin: true })}; without the study, plan with --stories and --each`,
    },
  );
}

/** The design of a study, as `designOf`; undefined if the study does not ask about origin. */
export async function designIfAny(study: Study): Promise<Design | undefined> {
  const made = (await exists(study.path(formsFolder))) && (await exists(study.path(keyFile)));
  const design = made
    ? designOfForms(await readForms(study), await readKey(study), await readStimuli(study))
    : designOfSettings(study.config.compose);
  if (!design || design.each.human === 0 || design.each.machine === 0) return undefined;
  return clusteredBy(await declaredAnalysis(study), study.config, design);
}

/** The design with the clusters that the analysis declares. */
function clusteredBy(
  analyse: Parameters<typeof methodOf>[0],
  config: Study["config"],
  { titles, ...design }: Design,
): Design {
  const { clusters } = methodOf(analyse);
  const classes = allAboutItems(config)
    .filter(isClosed)
    .find(({ name }) => clusters.includes(name));
  const groups = clusters.includes("form")
    ? { count: config.compose.forms, hold: "all" as const }
    : classes && { count: levelsOf(classes).length, hold: "readers" as const };
  return {
    ...design,
    ...(titles !== undefined && clusters.includes("title") && { titles }),
    ...(groups && { groups }),
  };
}

/** The design of the forms in the data; undefined if they do not ask about origin. */
export function designOfData({ forms, study, settings }: Data): Design | undefined {
  const asked = forms.filter(({ choices }) => choices > 0);
  if (asked.length === 0) return undefined;
  const shown = (origin: Origin) => (study?.stimuli ?? []).filter((one) => one.origin === origin).length;
  const most = (origin: Origin) => asked.reduce((sum, form) => sum + form.stories[origin], 0);
  // A story may be on several forms, and some stories shown are not judged.
  const design = forBothOrigins((origin) => ({
    stories: Math.min(shown(origin), most(origin)),
    each: Math.min(...asked.map((form) => form.stories[origin])),
  }));
  if (design.each.human === 0 || design.each.machine === 0) return undefined;
  const titles = methodOf(settings).clusters.includes("title")
    ? sharedTitleCount(study?.stimuli ?? [])
    : undefined;
  return titles === undefined ? design : { ...design, titles };
}

/** The number of titles, if some title has stories of both origins. */
function sharedTitleCount(
  stories: readonly { readonly title: string; readonly origin: Origin }[],
): number | undefined {
  const origins = new Map<string, Set<Origin>>();
  for (const { title, origin } of stories) {
    origins.set(title, (origins.get(title) ?? new Set()).add(origin));
  }
  return [...origins.values()].some(({ size }) => size > 1) ? origins.size : undefined;
}

function designOfForms(
  forms: readonly Form[],
  key: ReadonlyMap<string, Key>,
  stimuli: readonly Stimulus[],
): Design | undefined {
  const judged = forms
    .map(({ questions }) => questions.filter(asksChoice).flatMap(({ stimuli }) => stimuli))
    .filter((stimuli) => stimuli.length > 0);
  if (judged.length === 0) return undefined;
  const of = (origin: Origin, stimuli: readonly string[]) =>
    new Set(stimuli.filter((id) => key.get(id)?.origin === origin)).size;
  const design = forBothOrigins((origin) => ({
    stories: of(origin, judged.flat()),
    each: Math.min(...judged.map((own) => of(origin, own))),
  }));
  const shown = new Set(judged.flat());
  const titles = sharedTitleCount(
    stimuli.flatMap(({ id, title }) => {
      const origin = key.get(id)?.origin;
      return origin && shown.has(id) ? [{ title, origin }] : [];
    }),
  );
  return titles === undefined ? design : { ...design, titles };
}

function designOfSettings(compose: Study["config"]["compose"]): Design | undefined {
  const asked = compose.tasks.find(asksChoice);
  if (!asked) return undefined;
  const { single } = storySharesOf(compose);
  const most = asked.count === "all" ? Infinity : Math.floor(asked.count / 2);
  const design = forBothOrigins((origin) => {
    const each = Math.min(single[origin], most);
    return { stories: compose.forms * each, each };
  });
  // Machine stories are written to the titles of human stories.
  return { ...design, titles: Math.max(design.stories.human, design.stories.machine) };
}

/** Whether a question asks who wrote a single story. */
function asksChoice({ task: name }: { readonly task: string }): boolean {
  const task = taskNamed(name);
  return task?.kind === "choice" && task.asksOrigin;
}

function forBothOrigins(of: (origin: Origin) => { readonly stories: number; readonly each: number }): Design {
  const [human, machine] = [of("human"), of("machine")];
  return {
    stories: { human: human.stories, machine: machine.stories },
    each: { human: human.each, machine: machine.each },
  };
}

/** The design of a power plan, half of it human: the smaller number of the two kinds counts. */
export const evenDesign = ({
  stories,
  each,
  titles,
  groups,
}: Design): Pick<StudyPlan, "stories" | "each" | "titles" | "groups"> => ({
  stories: 2 * Math.min(stories.human, stories.machine),
  each: 2 * Math.min(each.human, each.machine),
  ...(titles !== undefined && { titles: Math.min(titles, stories.human, stories.machine) }),
  ...(groups && { groups }),
});
