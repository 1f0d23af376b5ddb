import { quantile } from "../../stats/quantile.ts";
import { type Finding, inSection, sentence, type Table, table } from "../../study/finding.ts";
import { groupedBy } from "../../study/groups.ts";
import { counted, percent, printed } from "../../study/print.ts";
import type { Analysis } from "../analysis.ts";
import { type AboutQuestion, type Data, type PeopleFacts, readersOf } from "../data.ts";
import { smallest, suppressed } from "../small-groups.ts";

/** Who read: from arrivals to those analysed, what they said about themselves, and their remarks and reasons by theme. */
export const readers: Analysis = {
  name: "readers",
  question: "Who read the stories?",
  needs: ["study"],
  section: "readers",
  run(data) {
    const people = data.study!.people;
    if (!people) return { findings: [], numbers: {} };
    const analysed = new Set(
      readersOf([
        ...data.choices,
        ...data.pairs,
        ...data.ratings,
        ...(data.picks ?? []),
        ...(data.preferences ?? []),
      ]),
    );
    const flow = flowOf(people, analysed.size, data);
    const findings: Finding[] = [
      ...(people.days ? [sentence("fact", `Collected: ${daysText(people.days)}`)] : []),
      sentence("result", flowText(flow)),
      table("result", "Readers, from arrivals to the analysis", flowTable(flow)),
      ...aboutFindings(people, analysed),
      ...commentFindings(people, analysed),
      ...inSection("what moved readers", ...reasonFindings(people, data)),
      sentence("detail", howToCode),
    ];
    return { findings, numbers: { flow } };
  },
};

const howToCode =
  "Free answers are counted by theme where people coded them: `themes.csv` in the study’s folder has the columns field (reason, comment, or the name of a question), answer and theme.";

interface Flow {
  readonly arrived: number | undefined;
  readonly started: number | undefined;
  readonly completed: number | undefined;
  readonly excluded: number;
  readonly analysed: number;
}

function flowOf({ visits, started, completed }: PeopleFacts, analysed: number, { excluded }: Data): Flow {
  return {
    arrived: visits,
    started,
    completed,
    excluded: (excluded?.rules ?? []).reduce((sum, { readers: count }) => sum + count, 0),
    analysed,
  };
}

function flowText({ arrived, started, completed, excluded, analysed }: Flow): string {
  const came = arrived === undefined ? "" : `The survey was opened ${counted(arrived, "time")}. `;
  const finished =
    started === undefined
      ? ""
      : `${counted(started, "reader")} started and ${completed === started ? "all" : printed(completed, "integer")} completed it. `;
  return `${came}${finished}${excluded === 0 ? "Nobody was excluded" : `${counted(excluded, "reader")} ${excluded === 1 ? "was" : "were"} excluded by the declared rules`}; ${printed(analysed, "integer")} are analysed.`;
}

const flowTable = (flow: Flow): Table => ({
  columns: [
    { key: "arrived", label: "Arrived", format: "text" },
    { key: "started", label: "Started", format: "integer" },
    { key: "completed", label: "Completed", format: "integer" },
    { key: "excluded", label: "Excluded", format: "integer" },
    { key: "analysed", label: "Analysed", format: "integer" },
  ],
  rows: [
    {
      arrived: flow.arrived === undefined ? "not counted" : printed(flow.arrived, "integer"),
      started: flow.started ?? null,
      completed: flow.completed ?? null,
      excluded: flow.excluded,
      analysed: flow.analysed,
    },
  ],
});

const monthNames =
  "January February March April May June July August September October November December".split(" ");

/** `3 March 2026`, `3 to 9 March 2026`. */
function daysText([first, last]: readonly [string, string]): string {
  const inWords = (day: string) => {
    const [year = "", month = "", date = ""] = day.split("-");
    return { date: String(Number(date)), month: monthNames[Number(month) - 1] ?? month, year };
  };
  const [from, to] = [inWords(first), inWords(last)];
  const end = `${to.date} ${to.month} ${to.year}`;
  if (first === last) return end;
  if (from.year !== to.year) return `${from.date} ${from.month} ${from.year} to ${end}`;
  return from.month === to.month ? `${from.date} to ${end}` : `${from.date} ${from.month} to ${end}`;
}

/** What readers said about themselves; small groups are not counted exactly. */
function aboutFindings({ about, themes }: PeopleFacts, analysed: ReadonlySet<string>): Finding[] {
  const rows = about.flatMap((question) => aboutRows(question, themes.get(question.name), analysed));
  if (rows.length === 0) return [];
  return [
    table(
      "result",
      `What readers said about themselves; groups of fewer than ${smallest} are not counted exactly`,
      {
        columns: [
          { key: "ask", label: "Question", format: "text" },
          { key: "answer", label: "Answer", format: "text" },
          { key: "readers", label: "Readers", format: "integer" },
        ],
        rows,
      },
    ),
  ];
}

function aboutRows(
  { ask, kind, options, answers }: AboutQuestion,
  themes: ReadonlyMap<string, string> | undefined,
  analysed: ReadonlySet<string>,
): { ask: string; answer: string; readers: string }[] {
  const given = [...answers].flatMap(([participant, answer]) => (analysed.has(participant) ? [answer] : []));
  const silent = analysed.size - given.length;
  if (given.length === 0) return [];
  if (kind === "number") {
    const numbers = given.map(Number).filter(Number.isFinite);
    if (numbers.length < 2 * smallest) return [];
    const [low, middle, high] = [0.25, 0.5, 0.75].map((share) =>
      printed(quantile(numbers, share), "integer"),
    );
    return [
      { ask, answer: `median ${middle}, quartiles ${low} and ${high}`, readers: String(numbers.length) },
    ];
  }
  const groups = kind === "options" ? optionGroups(given, options) : freeGroups(given, themes);
  const all = [...groups, ...(silent > 0 ? [["no answer", silent] as const] : [])];
  const counts = suppressed(all.map(([, count]) => count));
  return all.map(([answer], at) => ({ ask: at === 0 ? ask : "", answer, readers: counts[at]! }));
}

const optionGroups = (given: readonly string[], options: readonly string[]): (readonly [string, number])[] =>
  options.map((option) => [option, given.filter((answer) => answer === option).length] as const);

/** Free answers by theme where people coded them, else equal answers that at least five readers gave. */
function freeGroups(
  given: readonly string[],
  themes: ReadonlyMap<string, string> | undefined,
): (readonly [string, number])[] {
  const groups = [...groupedBy(given, (answer) => themes?.get(answer.trim()) ?? answer.trim().toLowerCase())]
    .map(([name, own]) => [name, own.length] as const)
    .sort(([, one], [, other]) => other - one);
  const named = groups.filter(([, count]) => count >= smallest).slice(0, 8);
  const rest = given.length - named.reduce((sum, [, count]) => sum + count, 0);
  return [...named, ...(rest > 0 ? [["other answers", rest] as const] : [])];
}

/** The readers' remarks: by theme if people coded them, in full in the appendix. */
function commentFindings({ comments, themes }: PeopleFacts, analysed: ReadonlySet<string>): Finding[] {
  const own = comments.filter(({ participant }) => analysed.has(participant));
  if (own.length === 0) return [];
  return [
    ...inSection(
      "readers",
      ...themeFindings(
        "remark",
        own.map(({ text }) => ({ answer: text, group: "" })),
        themes.get("comment"),
      ),
    ),
    table("detail", "What readers added at the end", {
      columns: [{ key: "remark", label: "Remark", format: "text" }],
      rows: own.map(({ text }) => ({ remark: text })),
    }),
  ];
}

/** The readers' reasons: by theme and answer if people coded them; all are with the stories. */
function reasonFindings({ themes }: PeopleFacts, { choices }: Data): Finding[] {
  const reasons = choices.filter(({ reason }) => reason !== "");
  if (reasons.length === 0) return [];
  return [
    sentence(
      "result",
      `Readers gave a reason for ${percent(reasons.length / choices.length)} of their judgments; the appendix has them all, with the stories.`,
    ),
    ...themeFindings(
      "reason",
      reasons.map(({ reason, answer }) => ({ answer: reason, group: answer })),
      themes.get("reason"),
    ),
  ];
}

/** Free answers by theme; before anybody has coded them, how to do it. */
function themeFindings(
  what: "reason" | "remark",
  given: readonly { readonly answer: string; readonly group: string }[],
  themes: ReadonlyMap<string, string> | undefined,
): Finding[] {
  const coded = given.flatMap(({ answer, group }) => {
    const theme = themes?.get(answer.trim());
    return theme ? [{ theme, group }] : [];
  });
  if (coded.length === 0) {
    return [sentence("result", `Nobody has coded the ${counted(given.length, what)} by theme yet.`)];
  }
  const groups = [...groupedBy(coded, ({ theme }) => theme)].sort(
    ([, one], [, other]) => other.length - one.length,
  );
  const count = (own: readonly { readonly group: string }[], wanted: string) =>
    own.filter(({ group }) => group === wanted).length;
  return [
    table(
      "result",
      `Themes of ${counted(coded.length, what)} of ${printed(given.length, "integer")}, coded by people`,
      {
        columns: [
          { key: "theme", label: "Theme", format: "text" },
          ...(what === "reason"
            ? ([
                { key: "human", label: "Said “human”", format: "integer" },
                { key: "machine", label: "Said “machine”", format: "integer" },
              ] as const)
            : ([{ key: "all", label: "Remarks", format: "integer" }] as const)),
        ],
        rows: groups.map(([theme, own]) => ({
          theme,
          human: count(own, "human"),
          machine: count(own, "machine"),
          all: own.length,
        })),
      },
    ),
  ];
}
