import { readFile, rm, stat } from "node:fs/promises";
import { relative } from "node:path";
import { z } from "zod";
import type { Story } from "../study/story.ts";
import { csv } from "../tables/tables.ts";
import { sha256 } from "../text/hash.ts";
import { termsOf } from "../text/words.ts";
import {
  corpusSummaryFile,
  readCorpusSummary,
  readStories,
  rejectedFile,
  storiesFile,
} from "../workbench/artefacts.ts";
import { type Effects, timestamp } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";
import { exists, filesUnder, writeWhole } from "../workbench/files.ts";
import { command } from "../workbench/stage.ts";
import { openStudy, type Study } from "../workbench/study.ts";
import { cookiesFile } from "./crawl/cookies.ts";
import { Journal } from "./crawl/journal.ts";
import { pagesFolder } from "./crawl/page-store.ts";
import { termsFile } from "./crawl/terms.ts";
import { profileFolder } from "./login.ts";
import { journalFile } from "./sources/nyt.ts";

/** What remains of a purged corpus: a list of its stories by address and hash, without any text. */
const provenanceFile = "corpus/provenance.csv";

/** Paths that are always removed. */
const texts = [pagesFolder, storiesFile, rejectedFile, cookiesFile, profileFolder, termsFile];

/** Folders in which other stages may have left texts; judgments and the survey's database are never touched. */
const derived = ["corpus", "generations", "influence", "stimuli", "forms", "findings", "report", ".tinylove"];

/** `tinylove purge`: removes the collected texts and the login from a study; addresses and hashes stay. */
export const purge = command({
  name: "purge",
  examples: ["tinylove purge", "tinylove purge --yes", "tinylove purge --all --yes"],
  flags: [
    ["--all", "also remove files of other stages with parts of the texts (prompts, stimuli, reports)"],
    ["--yes", "remove them; without it, only list what would be removed"],
  ],
  options: z.object({ all: z.boolean().default(false), yes: z.boolean().default(false) }),
  async run(folder, { all, yes }, effects) {
    const study = await openStudy(folder);
    const stories = (await exists(study.path(storiesFile))) ? await readStories(study) : [];
    const present = await existingPaths(study, texts);
    const containing = await filesContaining(study, stories);
    if (present.length === 0 && containing.length === 0) {
      throw new StudyError("the study has no collected texts", {
        hint: "nothing to remove",
      });
    }
    const removable = containing.filter((file) => derived.some((part) => file.startsWith(`${part}/`)));
    const removed = [...present, ...(all ? removable : [])];
    for (const path of removed) effects.print(`${yes ? "removed" : "would remove"} ${path}`);
    for (const path of containing) {
      if (!removed.includes(path))
        effects.warn(
          `${path} contains parts of the texts and is kept${all ? "" : " (--all removes files that can be made again)"}`,
        );
    }
    if (yes) await remove(study, stories, removed, effects);
  },
});

/** Writes the record before it removes anything, so that a kill cannot lose both. */
async function remove(study: Study, stories: readonly Story[], removed: readonly string[], effects: Effects) {
  if (stories.length > 0) await writeWhole(study.path(provenanceFile), provenanceOf(stories));
  if (await exists(study.path(corpusSummaryFile))) {
    // Its warnings contain titles of stories.
    const summary = { ...(await readCorpusSummary(study)), warned: [] };
    await writeWhole(study.path(corpusSummaryFile), `${JSON.stringify(summary, null, 2)}\n`);
  }
  if (await exists(study.path(journalFile))) {
    const journal = new Journal(study.path(journalFile));
    for (const { address, hash } of journal.addresses()) {
      if (hash !== "") journal.setState(address, "purged", timestamp(effects));
    }
    journal.close();
  }
  for (const path of removed) await rm(study.path(path), { recursive: true, force: true });
}

const provenanceOf = (stories: readonly Story[]): string =>
  csv(
    ["id", "address", "words", "split", "sha256"],
    stories.map(({ id, words, split, text, group, facts }) => ({
      ...{ id, words, split },
      address: facts?.["address"] ?? (/^https?:/.test(group) ? group : ""),
      sha256: sha256(text),
    })),
  );

async function existingPaths(study: Study, paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) if (await exists(study.path(path))) found.push(path);
  return found;
}

const window = 8;
const largestFile = 200_000_000;

/** Other files of the study that contain eight consecutive words of a story. */
async function filesContaining(study: Study, stories: readonly Story[]): Promise<string[]> {
  const known = new Set(stories.flatMap(({ text }) => [...runsOf(termsOf(text))]));
  if (known.size === 0) return [];
  const containing: string[] = [];
  for (const file of await filesUnder(study.folder)) {
    const path = relative(study.folder, file).split("\\").join("/");
    if (texts.some((text) => path === text || path.startsWith(`${text}/`))) continue;
    if ((await stat(file)).size > largestFile) continue;
    for (const run of runsOf(termsOf(await readFile(file, "utf8")))) {
      if (!known.has(run)) continue;
      containing.push(path);
      break;
    }
  }
  return containing;
}

function* runsOf(terms: readonly string[]): Generator<string> {
  for (let at = 0; at + window <= terms.length; at++) yield terms.slice(at, at + window).join(" ");
}
