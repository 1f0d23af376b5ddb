import type { Judgment } from "../study/judgment.ts";
import { phrasesOf } from "../survey/languages.ts";
import { readTable } from "../tables/tables.ts";
import { type Item, severalSeparator, stepLabels } from "../tasks/items.ts";
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
    comments: ofKind("text").flatMap(({ participant, stimuli, response: { answer } }) =>
      stimuli.length > 0 || String(answer).trim() === ""
        ? []
        : [{ participant, text: String(answer).trim() }],
    ),
    themes,
  };
}

function aboutQuestions({ config }: Study, judgments: readonly Judgment[]): AboutQuestion[] {
  const answersTo = (name: string, shownAs: (answer: string) => string) =>
    new Map(
      judgments.flatMap(({ participant, response }) => {
        const answer = response[name];
        return answer === undefined || answer === "" ? [] : [[participant, shownAs(String(answer))] as const];
      }),
    );
  return allAboutItems(config, phrasesOf(config.survey.language)).flatMap((item): AboutQuestion[] => {
    const { name, ask } = item;
    if (item.kind === "several")
      // One question for each option, because a reader may choose several.
      return item.options.map(([value, label]) => ({
        name: `${name}.${value}`,
        ask: `${ask} ${label}`,
        kind: "options",
        options: ["yes", "no"],
        answers: answersTo(name, (answer) => (answer.split(severalSeparator).includes(value) ? "yes" : "no")),
      }));
    const labels = labelsOf(item);
    return [
      {
        name,
        ask,
        kind: labels ? "options" : item.kind === "line" && item.number ? "number" : "text",
        options: [...(labels?.values() ?? [])],
        answers: answersTo(name, (answer) => labels?.get(answer) ?? answer),
      },
    ];
  });
}

/** What readers saw for each value of a closed item; undefined for others. */
function labelsOf(item: Item): ReadonlyMap<string, string> | undefined {
  if (item.kind === "choice") return new Map(item.options);
  if (item.kind !== "scale") return undefined;
  const labels = stepLabels(item);
  return new Map(item.levels.map((level, at) => [level, labels[at]!]));
}
