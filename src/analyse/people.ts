import type { Judgment } from "../study/judgment.ts";
import { readTable } from "../tables/tables.ts";
import { allAboutItems } from "../tasks/task-settings.ts";
import { taskNamed } from "../tasks/tasks.ts";
import { participantsFile, themesFile, visitsFile } from "../workbench/artefacts.ts";
import { exists } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import type { AboutQuestion, PeopleFacts } from "./data.ts";

/** The participants of a study: how many came, started and finished, and what they said about themselves. */
export async function peopleOf(study: Study, judgments: readonly Judgment[]): Promise<PeopleFacts> {
  const rows = async (file: string) => ((await exists(study.path(file))) ? readTable(study.path(file)) : []);
  const people = await rows(participantsFile);
  const [counted] = await rows(visitsFile);
  const themes = new Map<string, Map<string, string>>();
  for (const { field = "", answer = "", theme = "" } of await rows(themesFile))
    themes.set(field, (themes.get(field) ?? new Map<string, string>()).set(answer.trim(), theme.trim()));
  const ofKind = (kind: string) => judgments.filter(({ task }) => taskNamed(task)?.kind === kind);
  // Simulated answers have invented days.
  const days = judgments
    .filter(({ simulated, at }) => !simulated && at !== "")
    .map(({ at }) => at.slice(0, 10))
    .sort();
  return {
    visits: counted ? Number(counted["visits"]) : undefined,
    started: people.length > 0 ? people.length : undefined,
    completed: people.length > 0 ? people.filter(({ completed }) => completed !== "").length : undefined,
    days: days.length > 0 ? [days[0]!, days.at(-1)!] : undefined,
    about: aboutQuestions(study, ofKind("about")),
    comments: ofKind("text").flatMap(({ participant, response: { answer } }) =>
      String(answer).trim() === "" ? [] : [{ participant, text: String(answer).trim() }],
    ),
    themes,
  };
}

function aboutQuestions({ config }: Study, judgments: readonly Judgment[]): AboutQuestion[] {
  return allAboutItems(config).map((item) => ({
    name: item.name,
    ask: item.ask,
    kind:
      item.kind === "line" ? (item.number ? "number" : "text") : item.kind === "text" ? "text" : "options",
    options:
      item.kind === "choice"
        ? item.options.map(([value]) => value)
        : item.kind === "scale"
          ? item.levels
          : [],
    answers: new Map(
      judgments.flatMap(({ participant, response }) => {
        const answer = response[item.name];
        return answer === undefined || answer === "" ? [] : [[participant, String(answer)] as const];
      }),
    ),
  }));
}
