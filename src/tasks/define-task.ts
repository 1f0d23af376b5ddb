import { markDefinition } from "../plugins/plugin.ts";
import type { TaskDefinition } from "./task.ts";

/**
 * Defines a task for `plugins:` of study.yaml: a question about one story, about two or about none. `compose.tasks` adds
 * it to the forms. The definition is checked when a study opens.
 */
export const defineTask = (task: TaskDefinition): TaskDefinition => markDefinition("task", task);
