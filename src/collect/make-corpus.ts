import { assertUnchanged } from "../registration/assert-not-frozen.ts";
import type { Story } from "../study/story.ts";
import { csv } from "../tables/tables.ts";
import { corpusSummaryFile, rejectedFile, storiesFile } from "../workbench/artefacts.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { jsonLines, writeWhole } from "../workbench/files.ts";
import type { Study } from "../workbench/study.ts";
import { clustersOf } from "./clusters.ts";
import { byReason, summaryOf } from "./corpus-summary.ts";
import type { Gathered, Rejection } from "./source.ts";
import { drawSplit, splitCounts } from "./split.ts";
import { type Validated, type ValidStory, validate } from "./validate.ts";

/** Normalises, validates and splits the stories of a source, and writes the corpus. */
export async function makeCorpus(
  study: Study,
  source: string,
  gathered: Gathered,
  effects: Effects,
): Promise<void> {
  const { note, words, split, repair } = study.config.corpus;
  const valid = validate(gathered.stories, words, repair);
  const rejected = [...(gathered.refused ?? []), ...valid.rejected];
  if (valid.stories.length === 0) throw nothingLeft(rejected);
  const stories = splitStories(study, valid);
  await assertUnchanged(study, async () => new Map([[storiesFile, jsonLines(stories)]]));
  const summary = summaryOf(stories, rejected, valid.warned, {
    source,
    from: gathered.from,
    note,
    limit: words.warn,
  });

  warnAbout(rejected, rejectedFile, effects);
  warnAbout(valid.warned, corpusSummaryFile, effects);
  const { train, validation, test } = summary.split;
  effects.log(
    `${stories.length} stories, ${rejected.length} rows left out; train ${train}, validation ${validation}, test ${test}` +
      (split.train === train ? "" : ` (requested: ${split.train}, ${split.validation}, ${split.test})`),
  );

  for (const part of ["train", "validation", "test"] as const) {
    if (split[part] === 0 || summary.split[part] > 0) continue;
    effects.warn(
      `the ${part} part has no story (collect more, or change corpus.split; groups stay together)`,
    );
  }

  await writeWhole(study.path(rejectedFile), rejectedCsv(rejected));
  await writeWhole(study.path(corpusSummaryFile), `${JSON.stringify(summary, null, 2)}\n`);
  await writeWhole(study.path(storiesFile), jsonLines(stories));
}

function splitStories(study: Study, { stories, nearDuplicates }: Validated): Story[] {
  const clusters = clustersOf(
    stories.map(({ group }) => group),
    nearDuplicates,
  );
  const counts = splitCounts(study.config.corpus.split, stories.length);
  const parts = drawSplit(clusters, counts, study.random("collect", "split"));
  return stories.map((story, at) => storyOf(story, parts.get(at)!));
}

const storyOf = (story: ValidStory, split: Story["split"]): Story => ({
  id: story.id,
  title: story.title,
  text: story.text,
  words: story.words,
  ...(story.raw !== story.text && { raw: story.raw }),
  origin: { by: "human", source: story.source, author: story.author, licence: story.licence },
  group: story.group ?? story.id,
  split,
  ...(Object.keys(story.facts).length > 0 && { facts: { ...story.facts } }),
});

const linesShown = 5;

/** Warns about the first few remarks of each reason, and says where the others are. */
function warnAbout(
  remarks: readonly { readonly reason: string; readonly message: string }[],
  file: string,
  effects: Effects,
): void {
  for (const [reason, group] of byReason(remarks)) {
    for (const { message } of group.slice(0, linesShown)) effects.warn(message);
    const others = group.length - linesShown;
    if (others > 0) effects.warn(`and ${others} more (${reason}): see ${file}`);
  }
}

const rejectedCsv = (rejected: readonly Rejection[]): string =>
  csv(
    ["where", "title", "reason", "message"],
    rejected.map((row) => ({ ...row, title: row.title.slice(0, 200) })),
  );

function nothingLeft(rejected: readonly Rejection[]): StudyError {
  const reasons = byReason(rejected).map(([reason, group]) => `${group.length} ${reason}`);
  return new StudyError(`none of the ${rejected.length} rows is a usable story: ${reasons.join(", ")}`, {
    hint: rejected[0] ? `the first: ${rejected[0].message}` : "the source gave no rows",
  });
}
