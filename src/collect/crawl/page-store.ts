import { readFile, rm } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { sha256, shortId } from "../../text/hash.ts";
import { codeOf, StudyError } from "../../workbench/errors.ts";
import { writeWhole } from "../../workbench/files.ts";
import type { Study } from "../../workbench/study.ts";
import { largestPage } from "../parse/size.ts";

/** The folder of crawled pages; private, because the texts are copyrighted. */
export const pagesFolder = "collected/pages";

/** The raw pages of a crawl, one gzip file per address, written whole or not at all. */
export interface PageStore {
  /** Resolves to the SHA-256 of the page. */
  store(address: string, html: string): Promise<string>;
  /** Undefined if there is none; throws StudyError if it is damaged. */
  read(address: string): Promise<string | undefined>;
  remove(address: string): Promise<void>;
}

export function pageStore(study: Study): PageStore {
  const fileOf = (address: string) => study.path(pagesFolder, `${shortId(address, 20)}.html.gz`);
  return {
    async store(address, html) {
      await writeWhole(fileOf(address), await promisify(gzip)(html), 0o600);
      return sha256(html);
    },
    async read(address) {
      try {
        const bytes = await promisify(gunzip)(await readFile(fileOf(address)), {
          maxOutputLength: 4 * largestPage,
        });
        return bytes.toString("utf8");
      } catch (cause) {
        if (codeOf(cause) === "ENOENT") return undefined;
        throw new StudyError(`the stored page of ${address} is damaged`, {
          hint: `remove ${fileOf(address)} and run with --retry-failed`,
          cause,
        });
      }
    },
    remove: (address) => rm(fileOf(address), { force: true }),
  };
}
