import { readFile, stat } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { StudyError } from "../../workbench/errors.ts";
import { filesUnder } from "../../workbench/files.ts";
import type { Study } from "../../workbench/study.ts";
import { explained, readPage } from "../crawl/fetch-failures.ts";
import { addressOfMhtml, htmlOfMhtml } from "../parse/mhtml.ts";
import { largestPage } from "../parse/size.ts";
import { storiesOfPost } from "../post-stories.ts";
import type { FoundStory, Rejection, Source } from "../source.ts";

/** Stories from pages that the reader saved from a browser, as HTML or MHTML: an alternative without any request. */
export const savedPages: Source = {
  name: "saved-pages",
  summary: "a folder of pages that you saved from your browser (HTML, MHTML)",
  inputs: (study) => folderOf(study) ?? [],
  async gather(study, options, effects) {
    const folders = options.file?.map((file) => resolve(file)) ?? folderOf(study);
    if (!folders) {
      throw new StudyError("no folder of saved pages", {
        hint: "give it with corpus.file in study.yaml, or with --file",
      });
    }
    const stories: FoundStory[] = [];
    const refused: Rejection[] = [];
    const from: string[] = [];
    for (const folder of folders) {
      const root = study.path(folder);
      const files = await pagesIn(root);
      const progress = effects.progress("reading pages", files.length);
      for (const file of files) {
        effects.signal.throwIfAborted();
        progress.step();
        const where = relative(root, file) || folder;
        const read = await readFileOf(file, where, study.config.corpus.licence);
        if (Array.isArray(read)) {
          stories.push(...read);
          from.push(where);
        } else {
          refused.push(read);
        }
      }
      progress.end();
    }
    return { from, stories, refused };
  },
};

function folderOf({ config: { corpus } }: Study): readonly string[] | undefined {
  return typeof corpus.file === "string" ? [corpus.file] : corpus.file;
}

/** Skips the folders in which browsers save a page's pictures and frames. */
async function pagesIn(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found)
    throw new StudyError(`no such folder: ${path}`, { hint: "give the folder of your saved pages" });
  const files = found.isFile() ? [path] : await filesUnder(path);
  const pages = files.filter((file) => isPage.test(file) && !/_files[/\\]/.test(relative(path, file)));
  if (pages.length === 0) {
    throw new StudyError(`${path} has no saved pages`, { hint: "save them as HTML or MHTML" });
  }
  return pages;
}

const isPage = /\.(?:html?|mhtml?)$/i;

async function readFileOf(file: string, where: string, licence: string): Promise<FoundStory[] | Rejection> {
  const refusal = (reason: string, message: string): Rejection => ({
    where,
    title: "",
    reason,
    message: `${where} ${message}`,
  });
  if ((await stat(file)).size > largestPage) {
    return refusal("page too large", `is larger than ${largestPage / 1e6} MB (save only the page)`);
  }
  const bytes = await readFile(file);
  const isMhtml = /\.mhtml?$/i.test(file);
  const html = isMhtml ? htmlOfMhtml(bytes.toString("latin1")) : bytes.toString("utf8");
  const post = html === undefined ? "no stories" : readPage(html);
  if (typeof post === "string") return refusal(`page: ${post}`, explained(post, false).message);
  const address = post.address || (isMhtml ? addressOfMhtml(bytes.toString("latin1")) : "");
  const source = URL.canParse(address) ? new URL(address).host : where;
  return storiesOfPost(post, { where, address, source, licence });
}
