import type { StudyConfig } from "../study/config.ts";
import { listed } from "../study/print.ts";
import type { ComposeSettings } from "../study/settings/compose.ts";
import { StudyError } from "../workbench/errors.ts";
import { demographics } from "./demographics.ts";
import { type Item, isClosed, levelsOf } from "./items.ts";
import type { TaskKind, TaskProperties } from "./kinds.ts";
import type { Phrases } from "./phrases.ts";
import type { Task, When } from "./task.ts";
import { requireTask, taskNamed } from "./tasks.ts";

type TaskSetting = ComposeSettings["tasks"][number];

/**
 * Throws StudyError for settings with which a form cannot be made or would have an empty page. It needs only the
 * settings, so it can be called before any stage runs.
 */
export function checkTaskSettings({ compose, survey }: Pick<StudyConfig, "compose" | "survey">): void {
  for (const [at, setting] of compose.tasks.entries()) {
    checkTask(setting, taskOf(setting), compose.tasks.slice(0, at));
    checkPageNotEmpty("compose.tasks", setting.task, survey);
  }
  checkOneVerdict(
    "compose.tasks",
    compose.tasks.map(({ task }) => task),
    taskNamed,
  );
  checkPairs(compose);
  checkStories(compose);
  checkConditions(compose, survey);
  checkWhen(compose, survey);
}

/** Throws StudyError if a task asks participants about themselves but has no items. */
export function checkPageNotEmpty(
  where: string,
  name: string,
  { demographics: fields }: Pick<StudyConfig["survey"], "demographics">,
): void {
  const task = requireTask(where, name);
  if (task.kind !== "about" || task.plainItems(fields).length > 0) return;
  throw new StudyError(`${where}: ${name} would be an empty page: survey.demographics is empty`, {
    hint: "list in survey.demographics what to ask (name, ask), or remove the task from compose.tasks",
  });
}

/** All items about the participants themselves: the fields in `survey.demographics`, and those of other tasks of the study. */
export const allAboutItems = (
  { compose, survey }: Pick<StudyConfig, "compose" | "survey">,
  words?: Phrases,
): Item[] => aboutItems([demographics.name, ...compose.tasks.map(({ task }) => task)], survey, words);

/** The items about the participants themselves in the tasks with these names, each item once. */
export function aboutItems(
  names: Iterable<string>,
  { demographics: fields }: Pick<StudyConfig["survey"], "demographics">,
  words?: Phrases,
): Item[] {
  const items = [...new Set(names)].flatMap((name) => {
    const task = taskNamed(name);
    if (task?.kind !== "about") return [];
    return words ? task.items(words, fields) : task.plainItems(fields);
  });
  return [...new Map(items.map((item) => [item.name, item])).values()];
}

/**
 * Throws StudyError if two tasks of the same kind ask who wrote a story: they would give two verdicts on the same stories,
 * but a study has only one for single stories and one for pairs.
 */
export function checkOneVerdict(
  where: string,
  names: readonly string[],
  propertiesOf: (task: string) => TaskProperties | undefined,
): void {
  for (const kind of ["choice", "pair"] satisfies TaskKind[]) {
    const asking = [...new Set(names)].filter((name) => {
      const properties = propertiesOf(name);
      return properties?.kind === kind && properties.asksOrigin;
    });
    if (asking.length < 2) continue;
    throw new StudyError(`${where}: ${listed(asking)} ask the same question, who wrote a story`, {
      hint: `keep only one of them: a study has one verdict on ${kind === "pair" ? "pairs" : "single stories"}`,
    });
  }
}

/** How the stories of a form are divided between questions about single stories and pairs. */
export interface StoryShares {
  /** The number of stories for questions about a single story. */
  readonly single: { readonly human: number; readonly machine: number };
  /** The number of pairs whose stories the form does not show elsewhere. */
  readonly pairs: number;
}

/**
 * Pairs get stories that the form does not show elsewhere, because a reader who has judged a story recognises it. With
 * `pairs: reread` they show the same stories again.
 */
export function storySharesOf(compose: ComposeSettings): StoryShares {
  const { human, machine } = compose;
  const pairs = pairsOf(compose);
  if (pairs === 0 || compose.pairs === "reread") return { single: { human, machine }, pairs: 0 };
  if (!firstSingleStoryTask(compose)) return { single: { human: 0, machine: 0 }, pairs };
  return { single: { human: human - pairs, machine: machine - pairs }, pairs };
}

/** How many pairs a form asks about. */
export function pairsOf({ human, machine, tasks }: ComposeSettings): number {
  const most = Math.min(human, machine);
  const counts = tasks.filter((one) => taskOf(one).stimuli === 2).map(({ count }) => count);
  return Math.max(0, ...counts.map((count) => (count === "all" ? most : count)));
}

/** The first task that asks about a single story. */
const firstSingleStoryTask = ({ tasks }: ComposeSettings): TaskSetting | undefined =>
  tasks.find((one) => taskOf(one).stimuli === 1);

const taskOf = ({ task }: TaskSetting): Task => requireTask("compose.tasks", task);

function checkTask({ task: name, count }: TaskSetting, task: Task, before: readonly TaskSetting[]): void {
  if (before.some((one) => one.task === name)) {
    throw new StudyError(`compose.tasks: ${name} is listed twice`, { hint: "list it once, with a count" });
  }
  if (count !== "all" && count > 1 && task.stimuli === 0 && task.place !== "between") {
    throw new StudyError(`compose.tasks: ${name} would ask the same question ${count} times`, {
      hint: "remove its count",
    });
  }
}

/** Throws StudyError for a question that depends on an answer that is not given before it. */
function checkWhen({ tasks }: ComposeSettings, { demographics: fields }: StudyConfig["survey"]): void {
  for (const [at, setting] of tasks.entries()) {
    const task = taskOf(setting);
    const { when } = task;
    if (!when) continue;
    const where = `survey.questions: ${task.group ?? task.name} depends on ${when.task}`;
    const before = tasks.findIndex((one) => one.task === when.task);
    const earlier = before < 0 ? undefined : taskOf(tasks[before]!);
    if (!earlier) {
      const rows = tasks.filter((one) => taskOf(one).group === when.task).map((one) => one.task);
      throw new StudyError(`${where}, which is ${rows.length > 0 ? "several questions" : "not asked"}`, {
        hint:
          rows.length > 0
            ? `name one of ${rows.join(", ")}`
            : "name a question in compose.tasks or survey.questions",
      });
    }
    if (!isAskedBefore(earlier, task, before < at)) {
      throw new StudyError(`${where}, which is not asked before it`, {
        hint: "name an earlier question about the same story or pair, or one with about: reader and at: start",
      });
    }
    checkAnswers(where, when, earlier.plainItems(fields));
  }
}

/** Whether the answer to `earlier` is known, for the same story or participant, when `later` is asked. */
function isAskedBefore(earlier: Task, later: Task, isListedBefore: boolean): boolean {
  if (earlier.stimuli > 0) return isListedBefore && earlier.stimuli === later.stimuli;
  if (earlier.place === "first") return later.place !== "first" || later.stimuli > 0 || isListedBefore;
  return isListedBefore && later.stimuli === 0 && later.place === "last" && earlier.place === "last";
}

function checkAnswers(where: string, { item: name, is }: When, items: readonly Item[]): void {
  const item =
    items.find((one) => one.name === name) ??
    (items.length === 1 && name === "answer" ? items[0] : undefined);
  if (!item) {
    throw new StudyError(`${where}, which has no item ${name}`, {
      hint: `set item to one of ${items.map((one) => one.name).join(", ")}`,
    });
  }
  const values =
    item.kind === "several"
      ? item.options.map(([value]) => value)
      : isClosed(item)
        ? levelsOf(item)
        : undefined;
  const unknown = values && is.find((value) => !values.includes(value));
  if (unknown === undefined) return;
  throw new StudyError(`${where}, which has no answer ${unknown}`, { hint: `try ${values!.join(", ")}` });
}

/** Throws StudyError for conditions that cannot be shown or would deceive participants without a debriefing. */
function checkConditions(compose: ComposeSettings, { debrief }: StudyConfig["survey"]): void {
  const { conditions, tasks } = compose;
  if (!conditions) return;
  const where = "compose.conditions";
  const both = conditions.of.find(({ says, author }) => author !== undefined && says !== "nothing");
  if (both) {
    throw new StudyError(`${where}: ${both.name} has both says and author`, { hint: "keep one of them" });
  }
  const forReaders = conditions.of.find(
    ({ instruction, incentive, feedback }) => instruction !== "" || incentive !== "" || feedback,
  );
  if (conditions.by === "story" && forReaders) {
    throw new StudyError(
      `${where}: ${forReaders.name} has an instruction, an incentive or feedback, which cannot change from story to story`,
      { hint: "set by: reader" },
    );
  }
  const telling = conditions.of.find(({ says, author }) => says !== "nothing" || author !== undefined);
  const pair = tasks.find((one) => taskOf(one).stimuli === 2);
  if (telling && pair) {
    throw new StudyError(`${where}: ${telling.name} says who wrote a story, but ${pair.task} shows two`, {
      hint: "ask about single stories, or remove says and author",
    });
  }
  const untrue = conditions.of.find(({ says, author }) => author !== undefined || mayBeUntrue.has(says));
  if (untrue && debrief.trim() === "") {
    throw new StudyError(`${where}: ${untrue.name} says something untrue about some stories`, {
      hint: "tell participants afterwards: write survey.debrief",
    });
  }
}

const mayBeUntrue: ReadonlySet<string> = new Set(["opposite", "human", "machine"]);

function checkStories(compose: ComposeSettings): void {
  const { human, machine } = storySharesOf(compose).single;
  const tooMany = compose.tasks.find(
    (one) => taskOf(one).stimuli === 1 && one.count !== "all" && one.count > human + machine,
  );
  if (tooMany) {
    throw new StudyError(
      `compose.tasks: ${tooMany.task} asks about ${tooMany.count} stories, but a form has only ${human + machine} single stories`,
      { hint: "lower its count, or raise compose.human and compose.machine" },
    );
  }
}

function checkPairs(compose: ComposeSettings): void {
  const { human, machine } = compose;
  const pairs = compose.tasks.find((one) => taskOf(one).stimuli === 2);
  if (!pairs) return;
  const name = taskOf(pairs).group ?? pairs.task;
  const [count, most] = [pairsOf(compose), Math.min(human, machine)];
  if (most === 0 || count > most) {
    throw new StudyError(
      `compose.tasks: ${most === 0 ? "no pair" : `${most === 1 ? "one pair" : `only ${most} pairs`}`} for ${name} can be made of ${human} human and ${machine} machine stories`,
      { hint: "raise compose.human and compose.machine, or lower its count" },
    );
  }
  const single = firstSingleStoryTask(compose);
  if (single && count === most && compose.pairs !== "reread") {
    throw new StudyError(
      `compose.tasks: the pairs of ${name} take ${count} human and ${count} machine stories of ${human} and ${machine}, but ${single.task} needs some of both too`,
      {
        hint: `${most > 1 ? `give ${name} a count below ${most}, or ` : ""}raise compose.human and compose.machine; compose.pairs: reread would show stories twice`,
      },
    );
  }
}
