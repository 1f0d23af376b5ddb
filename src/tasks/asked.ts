import type { StudyConfig } from "../study/config.ts";
import { listed } from "../study/print.ts";
import type { ComposeSettings } from "../study/settings/compose.ts";
import { StudyError } from "../workbench/errors.ts";
import { demographics } from "./demographics.ts";
import type { Item } from "./items.ts";
import type { TaskFacts, TaskKind } from "./kinds.ts";
import type { Words } from "./phrases.ts";
import type { Task } from "./task.ts";
import { taskAt, taskNamed } from "./tasks.ts";

type Asked = ComposeSettings["tasks"][number];

/**
 * Refuses settings under which a form cannot be made, or would show a page with nothing on it. It looks at the
 * settings alone, so that it can be asked before any stage runs. Throws StudyError.
 */
export function checkAsked({ compose, survey }: Pick<StudyConfig, "compose" | "survey">): void {
  for (const [at, asked] of compose.tasks.entries()) {
    checkAlone(asked, known(asked), compose.tasks.slice(0, at));
    checkAboutPage("compose.tasks", asked.task, survey);
  }
  checkOneVerdict(
    "compose.tasks",
    compose.tasks.map(({ task }) => task),
    taskNamed,
  );
  checkPairs(compose);
  checkStories(compose);
}

/** Throws StudyError where a task asks participants about themselves and there is nothing to ask. */
export function checkAboutPage(
  where: string,
  name: string,
  { demographics: fields }: Pick<StudyConfig["survey"], "demographics">,
): void {
  const task = taskAt(where, name);
  if (task.kind !== "about" || task.plainItems(fields).length > 0) return;
  throw new StudyError(`${where}: ${name} would be an empty page: survey.demographics is empty`, {
    hint: "list in survey.demographics what to ask (name, ask), or take the task out of compose.tasks",
  });
}

/** What a study can know of its participants: its fields in `survey.demographics`, and what else its tasks ask. */
export const aboutPeople = ({ compose, survey }: Pick<StudyConfig, "compose" | "survey">): Item[] =>
  aboutItems([demographics.name, ...compose.tasks.map(({ task }) => task)], survey);

/** What the tasks of these names ask participants about themselves, each item once. */
export function aboutItems(
  names: Iterable<string>,
  { demographics: fields }: Pick<StudyConfig["survey"], "demographics">,
  words?: Words,
): Item[] {
  const items = [...new Set(names)].flatMap((name) => {
    const task = taskNamed(name);
    if (task?.kind !== "about") return [];
    return words ? task.items(words, fields) : task.plainItems(fields);
  });
  return [...new Map(items.map((item) => [item.name, item])).values()];
}

/**
 * Throws StudyError where two tasks of a kind ask who wrote a story: they would give two verdicts on the same stories,
 * and a study declares one. A choice and a pair have a verdict each.
 */
export function checkOneVerdict(
  where: string,
  names: readonly string[],
  factsOf: (task: string) => TaskFacts | undefined,
): void {
  for (const kind of ["choice", "pair"] satisfies TaskKind[]) {
    const asking = [...new Set(names)].filter((name) => {
      const facts = factsOf(name);
      return facts?.kind === kind && facts.asksOrigin;
    });
    if (asking.length < 2) continue;
    throw new StudyError(`${where}: ${listed(asking)} ask the same, who wrote a story`, {
      hint: `keep one of them: a study has one verdict on ${kind === "pair" ? "pairs" : "single stories"}`,
    });
  }
}

/** How the stories of a form are parted between questions about one story and pairs of their own. */
export interface Shares {
  /** So many stories are asked about alone. */
  readonly alone: { readonly human: number; readonly machine: number };
  /** So many pairs of one human and one machine story that the form shows nowhere else. */
  readonly pairs: number;
}

/** Pairs have stories of their own, for who has judged a story alone knows it when it comes again; `pairs: reread` gives that up. */
export function sharesOf(compose: ComposeSettings): Shares {
  const { human, machine } = compose;
  const pairs = pairsOf(compose);
  if (pairs === 0 || compose.pairs === "reread") return { alone: { human, machine }, pairs: 0 };
  if (!aloneIn(compose)) return { alone: { human: 0, machine: 0 }, pairs };
  return { alone: { human: human - pairs, machine: machine - pairs }, pairs };
}

/** How many pairs a form asks about. */
export function pairsOf({ human, machine, tasks: asked }: ComposeSettings): number {
  const inAll = Math.min(human, machine);
  const counts = asked.filter((one) => known(one).stimuli === 2).map(({ count }) => count);
  return Math.max(0, ...counts.map((count) => (count === "all" ? inAll : count)));
}

/** The first task that asks about one story. */
const aloneIn = ({ tasks: asked }: ComposeSettings): Asked | undefined =>
  asked.find((one) => known(one).stimuli === 1);

const known = ({ task }: Asked): Task => taskAt("compose.tasks", task);

function checkAlone({ task: name, count }: Asked, task: Task, before: readonly Asked[]): void {
  if (before.some((one) => one.task === name)) {
    throw new StudyError(`compose.tasks: ${name} stands twice`, { hint: "name it once, with a count" });
  }
  if (count !== "all" && count > 1 && task.stimuli === 0 && task.place !== "between") {
    throw new StudyError(`compose.tasks: ${name} asks the same ${count} times`, {
      hint: "leave its count out",
    });
  }
}

function checkStories(compose: ComposeSettings): void {
  const { human, machine } = sharesOf(compose).alone;
  const over = compose.tasks.find(
    (one) => known(one).stimuli === 1 && one.count !== "all" && one.count > human + machine,
  );
  if (over) {
    throw new StudyError(
      `compose.tasks: ${over.task} asks about ${over.count} stories, and a form has ${human + machine} to ask about alone`,
      { hint: "lower its count, or raise compose.human and compose.machine" },
    );
  }
}

function checkPairs(compose: ComposeSettings): void {
  const { human, machine } = compose;
  const pairs = compose.tasks.find((one) => known(one).stimuli === 2);
  if (!pairs) return;
  const [count, most] = [pairsOf(compose), Math.min(human, machine)];
  if (most === 0 || count > most) {
    throw new StudyError(
      `compose.tasks: ${most === 0 ? "no pair" : `${most === 1 ? "one pair" : `only ${most} pairs`}`} for ${pairs.task} can be made of ${human} human and ${machine} machine stories`,
      { hint: "raise compose.human and compose.machine, or lower its count" },
    );
  }
  const alone = aloneIn(compose);
  if (alone && count === most && compose.pairs !== "reread") {
    throw new StudyError(
      `compose.tasks: the pairs of ${pairs.task} take ${count} human and ${count} machine stories of ${human} and ${machine}, and ${alone.task} needs both as well`,
      {
        hint: `give ${pairs.task} ${most > 1 ? `a count below ${most}, or ` : ""}more compose.human and compose.machine; compose.pairs: reread would show stories twice`,
      },
    );
  }
}
