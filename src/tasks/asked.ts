import type { StudyConfig } from "../study/config.ts";
import type { ComposeSettings } from "../study/settings/compose.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Task } from "./task.ts";
import { taskNamed, tasks } from "./tasks.ts";

type Asked = ComposeSettings["tasks"][number];

/**
 * Refuses settings under which a form cannot be made, or would show a page with nothing on it. It looks at the
 * settings alone, so that it can be asked before any stage runs. Throws StudyError.
 */
export function checkAsked({ compose, survey }: Pick<StudyConfig, "compose" | "survey">): void {
  for (const [at, asked] of compose.tasks.entries()) {
    checkAlone(asked, known(asked), compose.tasks.slice(0, at));
    if (asked.task === "demographics" && survey.demographics.length === 0) {
      throw new StudyError(
        "compose.tasks: demographics would be an empty page: survey.demographics is empty",
        {
          hint: "list in survey.demographics what to ask (name, ask), or take the task out",
        },
      );
    }
  }
  checkPairs(compose);
  checkStories(compose);
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

function known({ task: name }: Asked): Task {
  const task = taskNamed(name);
  if (task) return task;
  throw new StudyError(`compose.tasks: unknown task ${name}`, {
    hint: `try ${tasks.map((one) => one.name).join(", ")}`,
  });
}

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
