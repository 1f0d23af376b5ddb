import { basename, dirname, resolve } from "node:path";
import { StudyConfig } from "../study/config.ts";
import { counted, listed } from "../study/print.ts";
import { roles } from "../tables/story-columns.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { studyOf } from "../workbench/study.ts";
import type { SettingAtPath } from "../workbench/with-settings.ts";
import { byReason } from "./corpus-summary.ts";
import { CollectOptions } from "./options.ts";
import { table } from "./sources/table.ts";
import { validate } from "./validate.ts";

/** Checks a table of stories for a new study: its columns and rows, and settings that fit them. */
export async function inspectTable(
  file: string,
  settings: { readonly columns: Readonly<Record<string, string>>; readonly table?: string | undefined },
  effects: Effects,
): Promise<{ readonly settings: readonly SettingAtPath[]; readonly summary: readonly string[] }> {
  const unknown = Object.keys(settings.columns).find((role) => !(roles as string[]).includes(role));
  if (unknown !== undefined)
    throw new StudyError(`--columns ${unknown}: unknown role`, { hint: `try ${roles.join(", ")}` });
  const corpus = { ...settings, file: basename(file) };
  const study = studyOf(dirname(resolve(file)), StudyConfig.parse({ name: "study", corpus }));
  const gathered = await table.gather(study, CollectOptions.parse({}), effects);
  // Accept any length, because the lengths decide the settings.
  const anyLength = { warn: Number.POSITIVE_INFINITY, refuse: Number.POSITIVE_INFINITY };
  const { stories, rejected } = validate(gathered?.stories ?? [], anyLength);
  const fitting = settingsFor(stories.map(({ words }) => words));
  const kept = fitting.stories;
  if (kept < fewest) {
    throw new StudyError(`${corpus.file} has ${counted(kept, "usable story", "usable stories")}`, {
      hint: `a study needs at least ${fewest}`,
    });
  }
  const reasons = [
    ...byReason(rejected).map(([reason, group]) => `${group.length} ${reason}`),
    ...(kept < stories.length ? [`${stories.length - kept} too long`] : []),
  ];
  const leftOut = reasons.length > 0 ? `; left out: ${listed(reasons)}` : "";
  return {
    settings: fitting.settings,
    summary: [`${counted(kept, "story", "stories")}${leftOut}`, ...fitting.summary],
  };
}

/** With fewer, there are not enough for one form of six stories and the model's examples. */
const fewest = 12;

const defaults = StudyConfig.parse({ name: "usual" });

/** Settings for stories with these numbers of words, with a description of what was chosen. */
export function settingsFor(lengths: readonly number[]): {
  readonly stories: number;
  readonly settings: readonly SettingAtPath[];
  readonly summary: readonly string[];
} {
  const { refuse } = defaults.corpus.words;
  const longest = Math.max(0, ...lengths);
  const long = lengths.filter((words) => words > refuse).length > lengths.length / 20;
  const kept = long ? lengths : lengths.filter((words) => words <= refuse);
  const split = splitOf(kept.length);
  // A form needs three titles; the fourth is a reserve for stories that are too short.
  const forms = Math.max(1, Math.min(defaults.compose.forms, Math.floor(split.test / 4)));
  const clip = clipOf(kept);
  return {
    stories: kept.length,
    settings: [
      ...Object.entries(split).map(([part, count]): SettingAtPath => [`corpus.split.${part}`, count]),
      ...(long
        ? (["warn", "refuse"] as const).map((key): SettingAtPath => [`corpus.words.${key}`, longest])
        : []),
      ["compose.forms", forms],
      ["compose.human", defaults.compose.human],
      ["compose.machine", defaults.compose.machine],
      ["compose.words.least", clip.least],
      ["compose.words.most", clip.most],
    ],
    summary: [
      `split: ${split.train} for training, ${split.validation} for validation, ${split.test} for test`,
      ...(long ? [`stories of up to ${longest} words are kept`] : []),
      `${counted(forms, "form")}, texts clipped to ${clip.least} to ${clip.most} words`,
    ],
  };
}

/**
 * One fifth each for validation and test, as in the 2022 study; for a small table, what the forms need. Training gets
 * the rest.
 */
function splitOf(stories: number) {
  const small = stories < 100;
  const test = small ? Math.min(20, Math.floor(stories / 2)) : Math.round(stories / 5);
  const validation = Math.floor(stories / (small ? 6 : 5));
  return { train: stories - validation - test, validation, test };
}

/** The default clip if nine of ten stories are longer than its minimum; else a shorter one for which they are. */
function clipOf(lengths: readonly number[]): { least: number; most: number } {
  const short = [...lengths].sort((one, other) => one - other)[Math.floor(lengths.length / 10)] ?? 0;
  const { words } = defaults.compose;
  if (short > words.least) return words;
  const most = Math.max(1, short - 1);
  return { least: Math.max(1, Math.floor(most * 0.9)), most };
}
