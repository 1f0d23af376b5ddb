import type { Random } from "../stats/random.ts";
import type { Form, Question } from "../study/form.ts";
import type { ComposeSettings } from "../study/settings/compose.ts";
import { taskNamed } from "../tasks/tasks.ts";
import type { Study } from "../workbench/study.ts";
import { formsByCondition } from "./conditions.ts";
import type { Placement } from "./layout.ts";
import { randomId, stimulusId } from "./stimuli.ts";

/**
 * The forms, `form-1` and so on, or one for each group of participants if there are conditions (`form-1-told-human`);
 * these names stay on the server. Questions are in random order even here.
 */
export function formsOf(places: readonly Placement[], settings: ComposeSettings, study: Study): Form[] {
  const { conditions } = settings;
  const origins = new Map(places.map(({ version }) => [stimulusId(version, study), version.origin]));
  return Array.from({ length: settings.forms }, (_, at) => {
    const id = `form-${at + 1}`;
    const own = storiesOf(
      places.filter(({ form }) => form === at),
      study,
    );
    const random = study.random("form", id);
    const known = new Map<string, string[][]>();
    const questions = settings.tasks.flatMap(({ task, count }) => {
      const { stimuli: shows, group = task } = taskNamed(task)!;
      // The rows of a matrix are about the same stories, and questions about pairs about the same pairs.
      const name = shows === 2 ? `pairs ${count}` : group;
      const shown = known.get(name) ?? shownBy(shows, count, own, random);
      known.set(name, shown);
      return shown.map((stimuli, copy): Question => {
        // Questions without stories are distinguished by their position.
        const labels = stimuli.length === 0 && copy > 0 ? [copy] : stimuli;
        return { id: randomId(study.random("question", id, task, ...labels)), task, stimuli };
      });
    });
    const form = { id, questions: settings.pairs === "reread" ? pairsLater(questions) : questions };
    return conditions
      ? formsByCondition(
          form,
          conditions,
          (stimulus) => origins.get(stimulus)!,
          (question, group) => randomId(study.random("question", question.id, group)),
        )
      : [form];
  }).flat();
}

/** Stories that are read twice come alone first and in pairs last, also in systems that keep the form's order. */
function pairsLater(questions: readonly Question[]): Question[] {
  const ofStories = questions.filter(({ stimuli }) => stimuli.length > 0);
  const inOrder = ofStories.sort((one, other) => one.stimuli.length - other.stimuli.length).values();
  return questions.map((question) => (question.stimuli.length > 0 ? inOrder.next().value! : question));
}

/** The stories of a form by their ids. */
interface Stories {
  readonly alone: { readonly human: readonly string[]; readonly machine: readonly string[] };
  readonly pairs: readonly (readonly [human: string, machine: string])[];
}

/**
 * Pairs are made by rows, in which the models take turns. If there are no stories for pairs alone, the single ones
 * are used.
 */
function storiesOf(places: readonly Placement[], study: Study): Stories {
  const idsOf = (origin: string, paired: boolean) =>
    places
      .filter((place) => place.paired === paired && place.version.origin === origin)
      .map(({ version }) => stimulusId(version, study));
  const alone = { human: idsOf("human", false), machine: idsOf("machine", false) };
  const own = { human: idsOf("human", true), machine: idsOf("machine", true) };
  const { human, machine } = own.human.length > 0 ? own : alone;
  const pairs = human.slice(0, machine.length).map((id, at) => [id, machine[at]!] as const);
  return { alone, pairs };
}

/** What each question of a task shows: one story, a pair of a human and a machine story, or nothing. */
function shownBy(
  shows: 0 | 1 | 2,
  count: number | "all",
  { alone, pairs }: Stories,
  random: Random,
): string[][] {
  const upTo = count === "all" ? Number.POSITIVE_INFINITY : count;
  const [human, machine] = [random.shuffle(alone.human), random.shuffle(alone.machine)];
  if (shows === 0) return Array.from({ length: count === "all" ? 1 : count }, () => []);
  if (shows === 2) return random.shuffle(pairs.slice(0, upTo)).map((pair) => random.shuffle(pair));
  return random.shuffle(someOf(human, machine, upTo, random)).map((id) => [id]);
}

/**
 * A task that asks about some of a form's stories asks about equally many human and machine ones; an odd one is
 * random.
 */
function someOf(
  human: readonly string[],
  machine: readonly string[],
  count: number,
  random: Random,
): string[] {
  if (count >= human.length + machine.length) return [...human, ...machine];
  const [first, second] = random.shuffle([human, machine]);
  const inTurn = first!.flatMap((id, at) => [id, ...second!.slice(at, at + 1)]);
  return [...inTurn, ...second!.slice(first!.length)].slice(0, count);
}
