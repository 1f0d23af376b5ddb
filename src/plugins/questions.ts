import type { StudyConfig } from "../study/config.ts";
import { isInSeveralLanguages, languagesIn, taskNamesOf, tasksOf } from "../tasks/questions.ts";
import type { Task } from "../tasks/task.ts";
import { addTask, taskNamed } from "../tasks/tasks.ts";
import { messageOf, StudyError } from "../workbench/errors.ts";

interface Registered {
  readonly folder: string;
  readonly content: string;
  unregister(): void;
}

/** The tasks of the questions in `survey.questions` that studies have registered in this process, by name. */
const registered = new Map<string, Registered>();

/**
 * Registers the tasks of a study's own questions, and adds to `compose.tasks` those that are not listed there. The name
 * of a question with several rows stands for all its tasks. The same content is registered only once, also from a copy
 * of the study; a changed question of the same study replaces the earlier one. Throws StudyError for a question that
 * contradicts itself or another study's question of this name.
 */
export function withQuestions(folder: string, config: StudyConfig): StudyConfig {
  const { questions, language } = config.survey;
  if (questions.length === 0) return config;
  const languages = languagesIn(questions, language);
  const names = new Set<string>();
  for (const question of questions) {
    const content = JSON.stringify([
      question,
      [...languages].sort(),
      isInSeveralLanguages(question) || language,
    ]);
    for (const task of tasksOf(question, language, languages)) {
      if (names.has(task.name))
        throw new StudyError(`survey.questions: two questions are called ${task.name}`, {
          hint: "give one of them another name",
        });
      names.add(task.name);
      register(task, folder, content);
    }
  }
  return { ...config, compose: { ...config.compose, tasks: withAll(config) } };
}

function register(task: Task, folder: string, content: string): void {
  const earlier = registered.get(task.name);
  if (earlier?.content === content && taskNamed(task.name)) return;
  if (earlier && earlier.folder !== folder)
    throw new StudyError(
      `survey.questions: another study (${earlier.folder}) also has a question ${task.name}`,
      {
        hint: "give one of them another name, or work on one of the studies at a time",
      },
    );
  earlier?.unregister();
  registered.delete(task.name);
  try {
    registered.set(task.name, { folder, content, unregister: addTask(task) });
  } catch (cause) {
    throw new StudyError(`survey.questions: ${messageOf(cause)}`, {
      hint: "give the question another name",
      cause,
    });
  }
}

/** `compose.tasks` with the tasks of every question. */
function withAll({ compose, survey }: StudyConfig): StudyConfig["compose"]["tasks"] {
  const own = new Map(survey.questions.map((question) => [question.name, taskNamesOf(question)]));
  const listed = compose.tasks.flatMap((setting) =>
    (own.get(setting.task) ?? [setting.task]).map((task) => ({ ...setting, task })),
  );
  const missing = [...own.values()].flatMap((tasks) => {
    // The rows of a matrix belong together.
    const count = listed.find(({ task }) => tasks.includes(task))?.count ?? "all";
    return tasks
      .filter((task) => !listed.some((setting) => setting.task === task))
      .map((task) => ({ task, count }));
  });
  return [...listed, ...missing];
}
