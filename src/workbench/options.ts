import { z } from "zod";
import { StudyError } from "./errors.ts";

/**
 * A command's options, checked; throws StudyError that names the flag and its value, or the argument if it is one of
 * `positional`.
 */
export function checkedOptions<T>(
  schema: z.ZodType<T>,
  given: Record<string, unknown>,
  positional: readonly string[] = [],
): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const name = String(issue.path[0] ?? "");
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const value = String(given[name] ?? "");
  throw new StudyError(
    `${positional.includes(name) ? `<${name}>` : flag} ${value || '""'}: ${issue.message}`,
    { hint: "see --help" },
  );
}

/** A whole number typed on the command line. */
export const wholeNumber = (least: number, most = Number.MAX_SAFE_INTEGER) =>
  z.coerce
    .number({ error: "not a number" })
    .int("not a whole number")
    .min(least, `at least ${least}`)
    .max(most, `at most ${most}`);

/** A number typed on the command line. */
export const realNumber = (least: number, most: number) =>
  z.coerce.number({ error: "not a number" }).min(least, `at least ${least}`).max(most, `at most ${most}`);

/** Pairs typed on the command line, `response=answer`, as an object. */
export function pairsOf(flag: string, pairs: readonly string[], example: string): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, ours, theirs] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
      if (ours && theirs) return [ours, theirs];
      throw new StudyError(`${flag} ${pair}: not a pair`, { hint: `write OURS=THEIRS, as in ${example}` });
    }),
  );
}
