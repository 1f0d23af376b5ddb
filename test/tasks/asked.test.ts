import { expect, test } from "vitest";
import { StudyConfig } from "../../src/study/config.ts";
import { checkAsked, sharesOf } from "../../src/tasks/asked.ts";

const settings = (compose: object, survey: object = {}) =>
  StudyConfig.parse({ name: "test", compose, survey });
const single = { task: "human-or-machine" };
const pairs = (count: number | "all" = "all") => ({ task: "which-is-human", count });

test.each([
  [[{ task: "pairs" }], "unknown task pairs"],
  [[{ task: "demographics" }], "demographics would be an empty page"],
  [[single, single], "human-or-machine stands twice"],
  [[{ task: "free-text", count: 2 }], "free-text asks the same 2 times"],
  [
    [{ task: "how-it-felt", count: 7 }],
    "how-it-felt asks about 7 stories, and a form has 6 to ask about alone",
  ],
  [[pairs(4)], "only 3 pairs for which-is-human can be made of 3 human and 3 machine stories"],
  [[single, pairs()], "and human-or-machine needs both as well"],
])("%j is refused", (tasks, message) => {
  expect(() => checkAsked(settings({ tasks }))).toThrow(message);
});

test("no pair can be made where one side has no stories", () => {
  expect(() => checkAsked(settings({ human: 6, machine: 0, tasks: [pairs()] }))).toThrow(
    "no pair for which-is-human can be made of 6 human and 0 machine stories",
  );
});

test("what can be asked is let through", () => {
  const about = { demographics: [{ name: "age", ask: "How old are you?" }] };
  checkAsked(
    settings({ tasks: [single, { task: "demographics" }, { task: "attention-check", count: 2 }] }, about),
  );
  checkAsked(settings({ tasks: [single, pairs(2)] }));
  checkAsked(settings({ tasks: [single, pairs()], pairs: "reread" }));
});

test("pairs take their stories from those of the form", () => {
  const { compose } = settings({ human: 4, machine: 3, tasks: [single, pairs(2)] });
  expect(sharesOf(compose)).toEqual({ alone: { human: 2, machine: 1 }, pairs: 2 });
  const pairsAlone = settings({ human: 4, machine: 3, tasks: [pairs()] }).compose;
  expect(sharesOf(pairsAlone)).toEqual({ alone: { human: 0, machine: 0 }, pairs: 3 });
});
