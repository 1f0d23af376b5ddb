import { expect, test } from "vitest";
import { StudyConfig } from "../../src/study/config.ts";
import { checkTaskSettings, storySharesOf } from "../../src/tasks/task-settings.ts";

const settings = (compose: object, survey: object = {}) =>
  StudyConfig.parse({ name: "test", compose, survey });
const single = { task: "human-or-machine" };
const pairs = (count: number | "all" = "all") => ({ task: "which-is-human", count });

test.each([
  [[{ task: "pairs" }], "unknown task pairs"],
  [[{ task: "demographics" }], "demographics would be an empty page"],
  [[single, single], "human-or-machine is listed twice"],
  [[{ task: "free-text", count: 2 }], "free-text would ask the same question 2 times"],
  [
    [{ task: "how-it-felt", count: 7 }],
    "how-it-felt asks about 7 stories, but a form has only 6 single stories",
  ],
  [[pairs(4)], "only 3 pairs for which-is-human can be made of 3 human and 3 machine stories"],
  [[single, pairs()], "but human-or-machine needs some of both too"],
])("%j is refused", (tasks, message) => {
  expect(() => checkTaskSettings(settings({ tasks }))).toThrow(message);
});

test("no pair can be made if one side has no stories", () => {
  expect(() => checkTaskSettings(settings({ human: 6, machine: 0, tasks: [pairs()] }))).toThrow(
    "no pair for which-is-human can be made of 6 human and 0 machine stories",
  );
});

test("valid settings are accepted", () => {
  const about = { demographics: [{ name: "age", ask: "How old are you?" }] };
  checkTaskSettings(
    settings({ tasks: [single, { task: "demographics" }, { task: "attention-check", count: 2 }] }, about),
  );
  checkTaskSettings(settings({ tasks: [single, pairs(2)] }));
  checkTaskSettings(settings({ tasks: [single, pairs()], pairs: "reread" }));
});

test("pairs use stories of the form", () => {
  const { compose } = settings({ human: 4, machine: 3, tasks: [single, pairs(2)] });
  expect(storySharesOf(compose)).toEqual({ single: { human: 2, machine: 1 }, pairs: 2 });
  const pairsAlone = settings({ human: 4, machine: 3, tasks: [pairs()] }).compose;
  expect(storySharesOf(pairsAlone)).toEqual({ single: { human: 0, machine: 0 }, pairs: 3 });
});
