import { counted, declaredPercent, printed } from "../study/print.ts";
import { StudyError } from "../workbench/errors.ts";
import { openStudy } from "../workbench/study.ts";
import type { Data } from "./data.ts";
import { withoutExcluded } from "./exclusions.ts";
import { readersWhoFinished } from "./finished.ts";
import { effectsOf } from "./fixed-effects.ts";
import { verdictOnChoices } from "./judged.ts";
import { fitMixed } from "./mixed.ts";

/** What a power analysis assumes, from a study that has been done. */
export interface EarlierStudy {
  readonly assumptions: {
    readonly bias: number;
    readonly skill: number;
    readonly story: number;
    /** Absent if human and machine stories shared no titles. */
    readonly title?: number;
    /** Half of accuracy on human stories minus accuracy on machine stories. */
    readonly leaning: number;
    /** The share of readers who finished. */
    readonly finish: number;
  };
  /** One sentence for the reader. */
  readonly about: string;
}

/**
 * The spreads between readers, stories and titles of an earlier study (by the mixed model), its readers' leaning and its
 * drop-out. Throws StudyError if its judgments do not give them.
 */
export async function earlierStudy(folder: string): Promise<EarlierStudy> {
  const study = await openStudy(folder);
  const { dataOfStudy } = await import("./from-study.ts");
  return earlierOf(await dataOfStudy(study), study.config.title, folder);
}

/** `earlierStudy` of its data. */
export function earlierOf(all: Data, title: string, folder: string): EarlierStudy {
  const data = withoutExcluded(all);
  const { choices, settings } = data;
  if (choices.length === 0) {
    throw new StudyError(`--from ${folder}: the study has no judgments of single stories`, {
      hint: "name a study that has been done, or give --bias, --skill and --story",
    });
  }
  const mixed = fitMixed(choices, effectsOf(["origin"], data), { level: settings.level, models: "always" });
  const { human, machine } = verdictOnChoices(choices, data);
  if (!mixed.fitted || human.estimate === undefined || machine.estimate === undefined) {
    const reason = mixed.fitted ? "only one kind of story was judged" : mixed.reason;
    throw new StudyError(`--from ${folder}: the study gives no spreads, because ${reason}`, {
      hint: "name another study, or give --bias, --skill and --story",
    });
  }
  const { reader = 0, story = 0, title: look = 0 } = mixed.fit.deviations;
  const readers = new Set(choices.map(({ participant }) => participant));
  const finished = [...readersWhoFinished(data)].filter((one) => readers.has(one)).length;
  const ease = mixed.fit.deviations["origin by title"];
  const assumptions = {
    bias: reader,
    skill: mixed.fit.deviations["origin by reader"] ?? 0,
    // What a title adds to how human its stories look counts as how they look.
    story: Math.hypot(story, look),
    // The slope is the effect on human minus that on machine stories, so a right answer has half of it.
    ...(ease !== undefined && { title: ease / 2 }),
    leaning: (human.estimate - machine.estimate) / 2,
    finish: Math.max(0.05, finished / readers.size),
  };
  const shown = (value: number) => printed(value, "number");
  return {
    assumptions,
    about: `Assumed as in “${title}” (${counted(readers.size, "reader")}): standard deviations of ${shown(assumptions.bias)} (bias), ${shown(assumptions.skill)} (skill) and ${shown(assumptions.story)} (stories)${ease === undefined ? "" : `, ${shown(ease / 2)} (titles)`}, a leaning of ${shown(100 * assumptions.leaning)} points towards “human”, and ${declaredPercent(Math.round(100 * assumptions.finish) / 100)} of readers finishing. They are estimates of one study, so look at the other assumptions too.`,
  };
}
