import type { z } from "zod";
import type { Random } from "../stats/random.ts";
import { type Field, isFreeName } from "../study/settings/survey.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Item } from "./items.ts";
import { type Answer, type Origin, storiesShown, type TaskFacts, type TaskKind } from "./kinds.ts";
import { checkLanguage, checkPhrases, ownWords, type TaskPhrases, type Words } from "./phrases.ts";
import { responseTo } from "./response.ts";
import { type SimulatedReader, simulatedResponse } from "./simulated.ts";

/** What the author of a task writes; the rest follows from it (`defineTask`). */
export interface TaskDefinition {
  /** As `compose.tasks` and judgments.csv name it: lower-case letters, digits and hyphens. */
  readonly name: string;
  readonly kind: TaskKind;
  /**
   * Whether the task asks who wrote a story. Participants are then told that some stories are by a machine, answers are
   * right or wrong, and the verdict rests on them. For `choice` (answers `human`, `machine`) and `pair` (`left`,
   * `right`: where the human one is). Default: false.
   */
  readonly asksOrigin?: boolean;
  /**
   * For `rating`: the scale is of how much a story moved the reader, so that `dose-response` compares it with the tone
   * that a prompt asked for, and an item `emotion` as well. Default: false.
   */
  readonly asksFeeling?: boolean;
  /** For `check`, where it is needed: the answer that shows that the question was read. */
  readonly rightAnswer?: string;
  /**
   * The task's own phrases by language and key. A task that shows stories needs the phrase `asked`, which completes the
   * instructions' sentence "You will be asked ...".
   */
  readonly phrases: TaskPhrases;
  /**
   * What is to be filled in. One item is called `answer`, but for `about`. `words` has the task's own phrases and the
   * survey's general ones; `fields` are the researcher's own questions, `survey.demographics`.
   */
  items(words: Words, fields: readonly Field[]): readonly Item[];
  /**
   * What a simulated reader answers; `origins` in the order shown. By default signal detection where origin is asked, a
   * rating normal about the middle of its scale, any option of a choice with the same probability.
   */
  simulate?(origins: readonly Origin[], reader: SimulatedReader, random: Random): Answer;
}

/**
 * What readers are asked. It runs in Node and in the browser and never gets an origin but in `score` and `simulate`,
 * which run on the server. `defineTask` makes it.
 */
export interface Task extends TaskFacts {
  readonly name: string;
  readonly asksFeeling: boolean;
  /** How many stimuli its page shows. */
  readonly stimuli: 0 | 1 | 2;
  /** Where a question without a story comes. */
  readonly place: "between" | "last";
  /** Throws StudyError where its phrases lack a language. */
  checkLanguage(language: string): void;
  /** What completes "You will be asked ..." in the instructions; for tasks that show a story. */
  asked(words: Words): string;
  /** What is to be filled in, in the participant's words; `fields` are the researcher's own, `survey.demographics`. */
  items(words: Words, fields?: readonly Field[]): readonly Item[];
  /** The same without words, where only names, options and levels matter. */
  plainItems(fields?: readonly Field[]): readonly Item[];
  /** What may be answered, as a plain form posts it: every field a string; fields left empty are not there. */
  response(fields?: readonly Field[]): z.ZodType<Answer>;
  /** 1 right, 0 wrong, undefined where there is no right answer. `origins` in the order shown. */
  score(response: Answer, origins: readonly Origin[]): number | undefined;
  /** What a simulated reader answers. */
  simulate(
    origins: readonly Origin[],
    reader: SimulatedReader,
    random: Random,
    fields?: readonly Field[],
  ): Answer;
}

/** Fields of a study that asks participants nothing of its own. */
const none: readonly Field[] = [];

/** A task from its definition. Throws StudyError, naming the task, where the definition contradicts its kind. */
export function defineTask(definition: TaskDefinition): Task {
  const { name, kind, asksOrigin = false, asksFeeling = false, rightAnswer, phrases } = definition;
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name)) {
    throw new StudyError(`task ${JSON.stringify(name)}: not a name`, {
      hint: "use up to 40 lower-case letters, digits and hyphens, as in who-wrote-it",
    });
  }
  if (!Object.hasOwn(storiesShown, kind)) {
    throw new StudyError(`task ${name}: there is no kind ${kind}`, {
      hint: `try ${Object.keys(storiesShown).join(", ")}`,
    });
  }
  const stimuli = storiesShown[kind];
  checkPhrases(name, phrases, stimuli > 0 ? ["asked"] : []);
  const plain: Words = Object.assign((key: string) => key, { language: Object.keys(phrases)[0] ?? "en" });
  const plainItems = (fields = none) => definition.items(plain, fields);
  checkItems(definition, plainItems());
  const schemas = new WeakMap<readonly Field[], z.ZodType<Answer>>();
  return {
    name,
    kind,
    asksOrigin,
    asksFeeling,
    ...(rightAnswer !== undefined && { rightAnswer }),
    stimuli,
    place: kind === "check" ? "between" : "last",
    checkLanguage: (language) => checkLanguage(name, phrases, language),
    asked: (words) => ownWords(name, phrases, words)("asked"),
    items: (words, fields = none) => definition.items(ownWords(name, phrases, words), fields),
    plainItems,
    response(fields = none) {
      const known = schemas.get(fields) ?? responseTo(plainItems(fields));
      schemas.set(fields, known);
      return known;
    },
    score: (response, origins) => scoreOf({ kind, asksOrigin, rightAnswer }, response, origins),
    simulate: (origins, reader, random, fields = none) =>
      definition.simulate?.(origins, reader, random) ??
      simulatedResponse(
        { kind, asksOrigin, rightAnswer, items: plainItems(fields) },
        origins,
        reader,
        random,
      ),
  };
}

function scoreOf(
  { kind, asksOrigin, rightAnswer }: Omit<TaskFacts, "rightAnswer"> & { rightAnswer: string | undefined },
  { answer }: Answer,
  [left, right]: readonly Origin[],
): number | undefined {
  if (kind === "check") return rightAnswer === undefined ? undefined : Number(answer === rightAnswer);
  if (!asksOrigin || left === undefined) return undefined;
  if (kind === "choice") return Number(answer === left);
  if (right === undefined || left === right) return undefined;
  return Number((answer === "left" ? left : right) === "human");
}

/** The answers that the analyses know, where origin is asked or two stories are shown. */
const answersTo = { choice: ["human", "machine"], pair: ["left", "right"] } as const;

function checkItems(
  { name, kind, asksOrigin, asksFeeling, rightAnswer }: TaskDefinition,
  items: readonly Item[],
): void {
  const refuse = (what: string, hint: string) => new StudyError(`task ${name}: ${what}`, { hint });
  const taken = items.find((item) => !isFreeName(item.name) && !sharedNames.has(item.name));
  if (taken) {
    throw refuse(
      `an item cannot be called ${taken.name}`,
      "use lower-case letters, digits and underscores, and no column of judgments.csv",
    );
  }
  if (asksOrigin && kind !== "choice" && kind !== "pair")
    throw refuse(`a ${kind} cannot ask about origin`, "take asksOrigin away, or make it a choice or a pair");
  if (asksFeeling && kind !== "rating")
    throw refuse(`a ${kind} cannot ask about feeling`, "take asksFeeling away, or make it a rating");
  const answer = items.find((item) => item.name === "answer");
  if (kind === "about") return;
  if (!answer) throw refuse("no item is called answer", "call the item that is the main question answer");
  const options = answer.kind === "choice" ? answer.options.map(([value]) => value) : [];
  const expected = kind === "pair" ? answersTo.pair : kind === "choice" && asksOrigin && answersTo.choice;
  if (expected && (options.length !== 2 || !expected.every((value) => options.includes(value))))
    throw refuse(
      `its answers are ${options.join(", ") || "not a choice"}`,
      `give it the options ${expected.join(" and ")}`,
    );
  if ((kind === "choice" || kind === "check") && answer.kind !== "choice")
    throw refuse(`its answer is a ${answer.kind}`, `a ${kind} needs a choice`);
  if (
    kind === "rating" &&
    !(answer.kind === "scale" && answer.levels.every((level) => Number.isFinite(+level)))
  )
    throw refuse("its answer is no scale of numbers", "a rating needs an item of the kind scale");
  if (kind === "text" && answer.kind !== "text")
    throw refuse(`its answer is a ${answer.kind}`, "a text needs an item of the kind text");
  if (kind === "check" && !options.includes(rightAnswer ?? ""))
    throw refuse(
      `its right answer is ${rightAnswer ?? "not given"}`,
      `set rightAnswer to one of ${options.join(", ")}`,
    );
}

/** Items that tasks share, each with a column of judgments.csv that analyses read. */
const sharedNames: ReadonlySet<string> = new Set(["answer", "confidence", "reason", "emotion"]);
