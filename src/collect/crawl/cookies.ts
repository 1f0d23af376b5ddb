import { z } from "zod";
import { StudyError } from "../../workbench/errors.ts";
import { exists, readJson, readText, writeWhole } from "../../workbench/files.ts";
import type { Study } from "../../workbench/study.ts";

/** Private, because it gives access to the login. It is never logged and never leaves the study's folder. */
export const cookiesFile = "collected/cookies.json";

/** A cookie as Playwright expects it; `expires` in seconds since 1970, -1 for a session cookie. */
const Cookie = z.object({
  name: z.string().min(1),
  value: z.string(),
  domain: z.string().min(1),
  path: z.string().default("/"),
  expires: z.number().default(-1),
  httpOnly: z.boolean().default(false),
  secure: z.boolean().default(false),
  sameSite: z.enum(["Strict", "Lax", "None"]).default("Lax"),
});
export type Cookie = z.infer<typeof Cookie>;

const StoredCookies = z.object({ domain: z.string(), cookies: z.array(Cookie) });

/** The result of an import: the kept cookies, and how many were for other sites or expired. */
export interface ImportedCookies {
  readonly kept: readonly Cookie[];
  readonly foreign: number;
  readonly expired: number;
}

/**
 * Reads a file of cookies (cookies.txt, a browser extension's JSON or Playwright's storageState) and keeps those of
 * one domain that have not expired. Throws StudyError for any other file, or if no cookie is left.
 */
export async function readCookies(path: string, domain: string, now: number): Promise<ImportedCookies> {
  const text = await readText(path, "give the file that your browser's extension wrote");
  const all = /^\s*[[{]/.test(text) ? cookiesOfJson(text, path) : cookiesOfNetscape(text, path);
  const own = all.filter((cookie) => belongs(cookie.domain, domain));
  const kept = own.filter(({ expires }) => expires < 0 || expires * 1000 > now);
  if (kept.length === 0) {
    throw new StudyError(
      own.length === 0
        ? `${path} has no cookie of ${domain}`
        : `every cookie of ${domain} in ${path} has expired`,
      { hint: "log in in your browser and export the cookies again" },
    );
  }
  return { kept, foreign: all.length - own.length, expired: own.length - kept.length };
}

/** Stores the cookies of one domain in the study, readable only by its owner; resolves to their number. */
export async function storeCookies(
  study: Study,
  domain: string,
  cookies: readonly Cookie[],
): Promise<number> {
  const own = cookies.filter((cookie) => belongs(cookie.domain, domain));
  if (own.length > 0) {
    await writeWhole(study.path(cookiesFile), JSON.stringify({ domain, cookies: own }), 0o600);
  }
  return own.length;
}

/** The study's cookies for a domain; an empty list if there are none. */
export async function storedCookies(study: Study, domain: string): Promise<Cookie[]> {
  const path = study.path(cookiesFile);
  if (!(await exists(path))) return [];
  const kept = await readJson(path, StoredCookies, "import them again with --cookies FILE");
  return kept.cookies.filter((cookie) => belongs(cookie.domain, domain));
}

/** `.nytimes.com` and `www.nytimes.com` belong to `nytimes.com`; `notnytimes.com` does not. */
export function belongs(cookieDomain: string, domain: string): boolean {
  const bare = cookieDomain.replace(/^\./, "").toLowerCase();
  return bare === domain || bare.endsWith(`.${domain}`);
}

/**
 * Lines of seven fields; a line that starts with `#HttpOnly_` is a cookie, any other `#` a comment; expiry 0 is a
 * session cookie.
 */
function cookiesOfNetscape(text: string, path: string): Cookie[] {
  return text.split(/\r?\n/).flatMap((line, at) => {
    const httpOnly = line.startsWith("#HttpOnly_");
    const fields = (httpOnly ? line.slice("#HttpOnly_".length) : line).split("\t");
    if (line.trim() === "" || (line.startsWith("#") && !httpOnly)) return [];
    const [domain = "", , folder = "/", secure = "", expires = "", name = "", value = ""] = fields;
    const seconds = Number(expires);
    // Do not show the line, because it contains the login.
    if (fields.length < 6 || name === "" || Number.isNaN(seconds))
      throw notCookies(`${path}, line ${at + 1}`);
    const cookie = { domain, path: folder, name, value, httpOnly, secure: secure.toUpperCase() === "TRUE" };
    return [{ ...cookie, expires: seconds > 0 ? seconds : -1, sameSite: "Lax" as const }];
  });
}

const Exported = z.looseObject({
  name: z.string(),
  value: z.string(),
  domain: z.string(),
  path: z.string().optional(),
  expires: z.number().optional(),
  expirationDate: z.number().optional(),
  httpOnly: z.boolean().optional(),
  secure: z.boolean().optional(),
  sameSite: z.string().nullish(),
});

const ExportedFile = z.union([
  z.array(Exported),
  z.object({ cookies: z.array(Exported) }).transform(({ cookies }) => cookies),
]);

function cookiesOfJson(text: string, path: string): Cookie[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw notCookies(path);
  }
  const file = ExportedFile.safeParse(value);
  if (!file.success) throw notCookies(path);
  return file.data.map((cookie) => ({
    name: cookie.name,
    value: cookie.value,
    domain: cookie.domain,
    path: cookie.path ?? "/",
    expires: cookie.expirationDate ?? cookie.expires ?? -1,
    httpOnly: cookie.httpOnly ?? false,
    secure: cookie.secure ?? false,
    sameSite: sameSiteOf(cookie.sameSite),
  }));
}

function sameSiteOf(given: string | null | undefined): Cookie["sameSite"] {
  const name = (given ?? "").toLowerCase();
  if (name === "strict") return "Strict";
  return name === "none" || name === "no_restriction" ? "None" : "Lax";
}

const notCookies = (where: string) =>
  new StudyError(`${where}: not a cookies file`, {
    hint: "give a cookies.txt, a browser extension's JSON, or Playwright's storageState",
  });
