import { basename, dirname, resolve } from "node:path";
import { StudyConfig } from "../study/config.ts";
import { counted, listed } from "../study/print.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { studyOf } from "../workbench/study.ts";
import type { SettingAtPath } from "../workbench/with-settings.ts";
import { roles } from "./columns.ts";
import { byReason } from "./corpus-summary.ts";
import { CollectOptions } from "./options.ts";
import { table } from "./sources/table.ts";
import { validate } from "./validate.ts";

/** A table of stories that a study is to begin from: its columns checked, its rows counted, and settings that fit them. */
export async function appraise(
  file: string,
  settings: { readonly columns: Readonly<Record<string, string>>; readonly table?: string | undefined },
  effects: Effects,
): Promise<{ readonly settings: readonly SettingAtPath[]; readonly said: readonly string[] }> {
  const unknown = Object.keys(settings.columns).find((role) => !(roles as string[]).includes(role));
  if (unknown !== undefined)
    throw new StudyError(`--columns ${unknown}: no part of a story`, { hint: `try ${roles.join(", ")}` });
  const corpus = { ...settings, file: basename(file) };
  const study = studyOf(dirname(resolve(file)), StudyConfig.parse({ name: "study", corpus }));
  const gathered = await table.gather(study, CollectOptions.parse({}), effects);
  // Any length goes here, for the lengths are what is asked after.
  const anyLength = { warn: Number.POSITIVE_INFINITY, refuse: Number.POSITIVE_INFINITY };
  const { stories, rejected } = validate(gathered?.stories ?? [], anyLength);
  const fitting = settingsFor(stories.map(({ words }) => words));
  const kept = fitting.stories;
  if (kept < fewest) {
    throw new StudyError(`${corpus.file} holds ${counted(kept, "story", "stories")} that can be used`, {
      hint: `a study takes ${fewest} at least`,
    });
  }
  const reasons = [
    ...byReason(rejected).map(([reason, alike]) => `${alike.length} ${reason}`),
    ...(kept < stories.length ? [`${stories.length - kept} too long`] : []),
  ];
  const leftOut = reasons.length > 0 ? `; left out: ${listed(reasons)}` : "";
  return {
    settings: fitting.settings,
    said: [`${counted(kept, "story", "stories")}${leftOut}`, ...fitting.said],
  };
}

/** With fewer there is not one form of six stories and something left to show the model. */
const fewest = 12;

const usual = StudyConfig.parse({ name: "usual" });

/** The settings of a study of stories with so many words each, and what was chosen in words. */
export function settingsFor(lengths: readonly number[]): {
  readonly stories: number;
  readonly settings: readonly SettingAtPath[];
  readonly said: readonly string[];
} {
  const { refuse } = usual.corpus.words;
  const longest = Math.max(0, ...lengths);
  const long = lengths.filter((words) => words > refuse).length > lengths.length / 20;
  const kept = long ? lengths : lengths.filter((words) => words <= refuse);
  const split = splitOf(kept.length);
  // A form takes three titles; the fourth is for those that turn out too short.
  const forms = Math.max(1, Math.min(usual.compose.forms, Math.floor(split.test / 4)));
  const clip = clipOf(kept);
  return {
    stories: kept.length,
    settings: [
      ...Object.entries(split).map(([part, count]): SettingAtPath => [`corpus.split.${part}`, count]),
      ...(long
        ? (["warn", "refuse"] as const).map((key): SettingAtPath => [`corpus.words.${key}`, longest])
        : []),
      ["compose.forms", forms],
      ["compose.human", usual.compose.human],
      ["compose.machine", usual.compose.machine],
      ["compose.words.least", clip.least],
      ["compose.words.most", clip.most],
    ],
    said: [
      `split: ${split.train} to train, ${split.validation} to validate, ${split.test} to test`,
      ...(long ? [`stories of up to ${longest} words are kept`] : []),
      `${counted(forms, "form")}, texts clipped to ${clip.least} to ${clip.most} words`,
    ],
  };
}

/** A fifth each to validate and to test, as in the 2022 study; of a small table what the forms need. Training takes what is over. */
function splitOf(stories: number) {
  const small = stories < 100;
  const test = small ? Math.min(20, Math.floor(stories / 2)) : Math.round(stories / 5);
  const validation = Math.floor(stories / (small ? 6 : 5));
  return { train: stories - validation - test, validation, test };
}

/** The usual clip where nine of ten stories are longer than its least; else one for which they are. */
function clipOf(lengths: readonly number[]): { least: number; most: number } {
  const short = [...lengths].sort((one, other) => one - other)[Math.floor(lengths.length / 10)] ?? 0;
  const { words } = usual.compose;
  if (short > words.least) return words;
  const most = Math.max(1, short - 1);
  return { least: Math.max(1, Math.floor(most * 0.9)), most };
}
