import { z } from "zod";
import { sha256 } from "../../text/hash.ts";
import { type Effects, timestamp } from "../../workbench/effects.ts";
import { StudyError } from "../../workbench/errors.ts";
import { exists, readJson, writeWhole } from "../../workbench/files.ts";
import type { Study } from "../../workbench/study.ts";

export const termsFile = "collected/terms.json";

/** The terms shown before the first request. */
export const terms = `Before you collect from The New York Times, read this.

The Times's terms of service forbid, since August 2023, to collect its content by automated means
and to train software on it without written consent. Whether you may depends on that consent, or on
the law where you are (some countries have exceptions for research). Tiny Love cannot know; you are responsible.

If you continue, pages are read slowly, one at a time, with your own login and as robots.txt allows, by a browser that
identifies itself. A paywall, a CAPTCHA or an expired login stops it: nothing is circumvented. The texts stay
in this study's folder; do not share them. \`tinylove purge\` removes them.

Alternatively, save the pages from your browser and use --source saved-pages.`;

const Acknowledgement = z.strictObject({ acknowledged: z.string(), hash: z.string(), terms: z.string() });

/**
 * Shows the terms and records that they were acknowledged. Throws StudyError if they were not. Once is enough while
 * their text stays the same.
 */
export async function acknowledgeTerms(study: Study, acknowledges: boolean, effects: Effects): Promise<void> {
  if ((await acknowledgedHash(study)) === sha256(terms)) return;
  effects.log(terms);
  if (!acknowledges) {
    throw new StudyError("the terms above are not acknowledged", {
      hint: "nothing was requested; if you may collect, add --acknowledge-terms",
    });
  }
  const record = { acknowledged: timestamp(effects), hash: sha256(terms), terms };
  await writeWhole(study.path(termsFile), `${JSON.stringify(record, null, 2)}\n`);
}

async function acknowledgedHash(study: Study): Promise<string | undefined> {
  const path = study.path(termsFile);
  return (await exists(path)) ? (await readJson(path, Acknowledgement)).hash : undefined;
}
