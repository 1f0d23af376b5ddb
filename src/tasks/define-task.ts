import { definition } from "../plugins/plugin.ts";
import type { TaskDefinition } from "./task.ts";

/**
 * Defines a task for `plugins:` of study.yaml: a question that participants are asked about no, one or two stories.
 * `compose.tasks` names it. What is wrong with the definition is said when a study opens.
 */
export const defineTask = (task: TaskDefinition): TaskDefinition => definition("task", task);
