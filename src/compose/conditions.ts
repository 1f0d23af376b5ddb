import type { Origin } from "../stats/judgments.ts";
import type { Form, Question, ReadingCondition } from "../study/form.ts";
import type { ComposeSettings, Condition } from "../study/settings/compose.ts";

type Conditions = NonNullable<ComposeSettings["conditions"]>;

/**
 * A form once for each group of participants. With `by: reader` a group reads in one condition. With `by: story` each group
 * has another assignment: the human stories take turns through the conditions, and so do the machine stories, and from
 * group to group every story moves to the next condition.
 */
export function formsByCondition(
  form: Form,
  { by, of }: Conditions,
  originOf: (stimulus: string) => Origin,
  newId: (question: Question, group: string) => string,
): Form[] {
  const groups = by === "reader" ? of.map(({ name }) => name) : of.map((_, at) => String(at + 1));
  return groups.map((group, at): Form => {
    const places = { human: 0, machine: 0 };
    const assigned = new Map<string, Condition>();
    const conditionFor = (stimuli: readonly string[]): Condition => {
      if (by === "reader") return of[at]!;
      const key = stimuli.join(" ");
      const known = assigned.get(key) ?? of[(at + places[originOf(stimuli[0]!)]++) % of.length]!;
      assigned.set(key, known);
      return known;
    };
    const questions = form.questions.map((question): Question => {
      const own = { ...question, id: newId(question, group) };
      if (question.stimuli.length === 0) return own;
      const condition = conditionFor(question.stimuli);
      const told = toldOf(condition, originOf(question.stimuli[0]!));
      return { ...own, condition: condition.name, ...(told !== undefined && { told }) };
    });
    const deceives = questions.some(
      ({ told, stimuli: [id] }) => told !== undefined && told !== originOf(id!),
    );
    return {
      id: `${form.id}-${group}`,
      group,
      conditions: (by === "reader" ? [of[at]!] : of).map(readingCondition),
      ...(deceives && { deceives }),
      questions,
    };
  });
}

function readingCondition({
  name,
  instruction,
  incentive,
  feedback,
  text,
  seconds,
}: Condition): ReadingCondition {
  const instructions = [instruction, incentive].filter((text) => text.trim() !== "");
  return {
    ...{ name, instructions, feedback },
    ...(text === "whole" && { whole: true as const }),
    ...(seconds !== undefined && { seconds }),
  };
}

/** Whether readers see stories whole in some condition, or in all. */
export const showsWhole = ({ clip, conditions }: Pick<ComposeSettings, "clip" | "conditions">): boolean =>
  clip === "none" || conditions?.of.some(({ text }) => text === "whole") === true;

/** What is written above a story: `human`, `machine`, a name, or nothing. */
function toldOf({ says, author }: Condition, origin: Origin): string | undefined {
  if (author !== undefined) return author;
  if (says === "nothing") return undefined;
  if (says === "truth") return origin;
  if (says === "opposite") return origin === "human" ? "machine" : "human";
  return says;
}
