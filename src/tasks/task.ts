import type { z } from "zod";
import type { Random } from "../stats/random.ts";
import { type Field, isFreeName } from "../study/settings/survey.ts";
import { StudyError } from "../workbench/errors.ts";
import type { Item } from "./items.ts";
import { type Answer, type Origin, storiesShown, type TaskKind, type TaskProperties } from "./kinds.ts";
import { checkLanguage, checkPhrases, type Phrases, phrasesForTask, type TaskPhrases } from "./phrases.ts";
import { responseSchema } from "./response.ts";
import { type SimulatedReader, simulatedResponse } from "./simulated.ts";

/** The definition of a task, as its author writes it; `defineTask` derives everything else from it. */
export interface TaskDefinition {
  /** Its name in `compose.tasks` and judgments.csv: lower-case letters, digits and hyphens. */
  readonly name: string;
  readonly kind: TaskKind;
  /**
   * Whether the task asks who wrote a story. Then participants are told that some stories are by a machine, answers are
   * right or wrong, and the verdict is based on them. For `choice` (answers `human`, `machine`) and `pair` (`left`,
   * `right`: the position of the human story). Default: false.
   */
  readonly asksOrigin?: boolean;
  /**
   * For `rating`: whether the scale measures how much a story moved the reader. Then `dose-response` compares the rating,
   * and the answer to an item `emotion`, with the tone that the prompt asked for. Default: false.
   */
  readonly asksFeeling?: boolean;
  /** For `check`, where it is required: the answer that passes the check. */
  readonly rightAnswer?: string;
  /** For `text`: how many stories it is about, 1 or 2. Default: 0. */
  readonly stories?: number;
  /** For `about`: `start` asks before the stories. Default: `end`. */
  readonly at?: string;
  /** Tasks with the same group are on one page and about the same stories. Default: none. */
  readonly group?: string;
  /** The earlier answers after which the task is asked. Default: it is always asked. */
  readonly when?: When;
  /**
   * The task's own phrases by language and key. A task that shows stories needs the phrase `asked`, which completes the
   * sentence "You will be asked ..." of the instructions.
   */
  readonly phrases: TaskPhrases;
  /**
   * What participants fill in. One item must be called `answer`, except for `about`. `words` has the task's own phrases
   * and the survey's general ones; `fields` are the researcher's own questions, `survey.demographics`.
   */
  items(words: Phrases, fields: readonly Field[]): readonly Item[];
  /**
   * A simulated reader's answer; `origins` in the order shown. Default: signal detection if the task asks about origin;
   * otherwise ratings normally distributed around the middle of the scale, and choices with equal probabilities.
   */
  simulate?(origins: readonly Origin[], reader: SimulatedReader, random: Random): Answer;
}

/** A condition on an earlier answer: of another task about the same stories, or of one before the stories. */
export interface When {
  readonly task: string;
  /** The field of its response: `answer`, or an item. */
  readonly item: string;
  /** The values with which the task is asked; of an answer with several values, one of them is enough. */
  readonly is: readonly string[];
}

/** A task: something that readers are asked. Only `score` and `simulate` receive origins. `defineTask` makes it. */
export interface Task extends TaskProperties {
  readonly name: string;
  readonly asksFeeling: boolean;
  /** The number of stimuli on its page. */
  readonly stimuli: 0 | 1 | 2;
  /** The position of a question without a story. */
  readonly place: "first" | "between" | "last";
  readonly group?: string;
  readonly when?: When;
  /** Throws StudyError if the task has no phrases in this language. */
  checkLanguage(language: string): void;
  /** Completes the sentence "You will be asked ..." of the instructions; for tasks that show a story. */
  asked(words: Phrases): string;
  /** The items in the participant's language; `fields` are the researcher's own questions, `survey.demographics`. */
  items(words: Phrases, fields?: readonly Field[]): readonly Item[];
  /** The same without phrases, for code that needs only names, options and levels. */
  plainItems(fields?: readonly Field[]): readonly Item[];
  /** The schema of a response as a plain form posts it: every field is a string, empty fields are left out. */
  response(fields?: readonly Field[]): z.ZodType<Answer>;
  /** 1 for right, 0 for wrong, undefined if there is no right answer. `origins` in the order shown. */
  score(response: Answer, origins: readonly Origin[]): number | undefined;
  /** A simulated reader's response. */
  simulate(
    origins: readonly Origin[],
    reader: SimulatedReader,
    random: Random,
    fields?: readonly Field[],
  ): Answer;
}

/** For a study without `survey.demographics`. */
const noFields: readonly Field[] = [];

/** Makes a task from its definition. Throws StudyError if the definition does not fit its kind. */
export function defineTask(definition: TaskDefinition): Task {
  const { name, kind, asksOrigin = false, asksFeeling = false, rightAnswer, phrases } = definition;
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name)) {
    throw new StudyError(`task ${JSON.stringify(name)}: invalid name`, {
      hint: "use up to 40 lower-case letters, digits and hyphens, as in who-wrote-it",
    });
  }
  if (!Object.hasOwn(storiesShown, kind)) {
    throw new StudyError(`task ${name}: unknown kind ${kind}`, {
      hint: `try ${Object.keys(storiesShown).join(", ")}`,
    });
  }
  const { stories = 0, at = "end", group, when } = definition;
  if (stories !== 0 && (kind !== "text" || (stories !== 1 && stories !== 2))) {
    throw new StudyError(`task ${name}: a ${kind} cannot have stories: ${stories}`, {
      hint: "only a text has this setting: 1 or 2",
    });
  }
  if (at !== "end" && (kind !== "about" || at !== "start")) {
    throw new StudyError(`task ${name}: a ${kind} cannot be asked at: ${at}`, {
      hint: "only an about has this setting: start or end",
    });
  }
  const stimuli = kind === "text" ? (stories as 0 | 1 | 2) : storiesShown[kind];
  checkPhrases(name, phrases, stimuli > 0 ? ["asked"] : []);
  const plain: Phrases = Object.assign((key: string) => key, { language: Object.keys(phrases)[0] ?? "en" });
  const plainItems = (fields = noFields) => definition.items(plain, fields);
  checkItems(definition, plainItems());
  const schemas = new WeakMap<readonly Field[], z.ZodType<Answer>>();
  return {
    name,
    kind,
    asksOrigin,
    asksFeeling,
    ...(rightAnswer !== undefined && { rightAnswer }),
    ...(isOptional(definition, plainItems()) && { optional: true as const }),
    ...(group !== undefined && { group }),
    ...(when !== undefined && { when }),
    stimuli,
    place: kind === "check" ? "between" : at === "start" ? "first" : "last",
    checkLanguage: (language) => checkLanguage(name, phrases, language),
    asked: (words) => phrasesForTask(name, phrases, words)("asked"),
    items: (words, fields = noFields) => definition.items(phrasesForTask(name, phrases, words), fields),
    plainItems,
    response(fields = noFields) {
      const known = schemas.get(fields) ?? responseSchema(plainItems(fields));
      schemas.set(fields, known);
      return known;
    },
    score: (response, origins) => scoreOf({ kind, asksOrigin, rightAnswer }, response, origins),
    simulate: (origins, reader, random, fields = noFields) =>
      definition.simulate?.(origins, reader, random) ??
      simulatedResponse(
        { kind, asksOrigin, rightAnswer, items: plainItems(fields) },
        origins,
        reader,
        random,
      ),
  };
}

/** Whether a reader who finished may have given no answer. */
const isOptional = ({ when }: TaskDefinition, items: readonly Item[]): boolean =>
  when !== undefined || items.some((item) => item.name === "answer" && !item.required);

function scoreOf(
  {
    kind,
    asksOrigin,
    rightAnswer,
  }: Omit<TaskProperties, "rightAnswer"> & { rightAnswer: string | undefined },
  { answer }: Answer,
  [left, right]: readonly Origin[],
): number | undefined {
  if (kind === "check") return rightAnswer === undefined ? undefined : Number(answer === rightAnswer);
  if (!asksOrigin || left === undefined) return undefined;
  if (kind === "choice") return Number(answer === left);
  if (right === undefined || left === right) return undefined;
  return Number((answer === "left" ? left : right) === "human");
}

/** The answers that the analyses expect from tasks that ask about origin or show a pair. */
const expectedAnswers = { choice: ["human", "machine"], pair: ["left", "right"] } as const;

function checkItems(
  { name, kind, asksOrigin, asksFeeling, rightAnswer }: TaskDefinition,
  items: readonly Item[],
): void {
  const refuse = (what: string, hint: string) => new StudyError(`task ${name}: ${what}`, { hint });
  const reserved = items.find((item) => !isFreeName(item.name) && !sharedNames.has(item.name));
  if (reserved) {
    throw refuse(
      `an item cannot be called ${reserved.name}`,
      "use lower-case letters, digits and underscores, and not the name of a column of judgments.csv",
    );
  }
  if (asksOrigin && kind !== "choice" && kind !== "pair")
    throw refuse(
      `a ${kind} cannot ask about origin`,
      "remove asksOrigin, or make the task a choice or a pair",
    );
  if (asksFeeling && kind !== "rating")
    throw refuse(`a ${kind} cannot ask about feeling`, "remove asksFeeling, or make the task a rating");
  const answer = items.find((item) => item.name === "answer");
  if (kind === "about") return;
  if (!answer) throw refuse("no item is called answer", "name the item with the main question `answer`");
  const options = answer.kind === "choice" ? answer.options.map(([value]) => value) : [];
  const expected =
    kind === "pair" ? expectedAnswers.pair : kind === "choice" && asksOrigin && expectedAnswers.choice;
  const ties = kind === "pair" && !asksOrigin && options.includes("tie") ? 1 : 0;
  if (expected && (options.length !== 2 + ties || !expected.every((value) => options.includes(value))))
    throw refuse(
      `its answers are ${options.join(", ") || "not a choice"}`,
      `give it the options ${expected.join(" and ")}${kind === "pair" && !asksOrigin ? ", and tie if readers may not decide" : ""}`,
    );
  const isChoice = answer.kind === "choice" || (kind === "choice" && answer.kind === "several");
  if ((kind === "choice" || kind === "check") && !isChoice)
    throw refuse(`its answer is a ${answer.kind}`, `a ${kind} needs a choice`);
  if (
    kind === "rating" &&
    !(answer.kind === "scale" && answer.levels.every((level) => Number.isFinite(+level)))
  )
    throw refuse("its answer is not a scale of numbers", "a rating needs an item of the kind scale");
  if (kind === "text" && answer.kind !== "text")
    throw refuse(`its answer is a ${answer.kind}`, "a text needs an item of the kind text");
  if (kind === "check" && !options.includes(rightAnswer ?? ""))
    throw refuse(
      `its right answer is ${rightAnswer ?? "not given"}`,
      `set rightAnswer to one of ${options.join(", ")}`,
    );
}

/** Items that several tasks may have: each has a column of judgments.csv that analyses read. */
const sharedNames: ReadonlySet<string> = new Set(["answer", "confidence", "reason", "emotion"]);
