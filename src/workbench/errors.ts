/**
 * An error that the user can fix: one line that names the value, and a hint that says how to fix it. The command ends
 * with exit code 1.
 */
export class StudyError extends Error {
  override readonly name = "StudyError";
  readonly hint: string | undefined;

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
  }
}

/** The message of whatever was thrown. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);

/** The code of a system error (`ENOENT`, `ECONNREFUSED` ...), also when it is wrapped as the cause of another. */
export function codeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  if ("code" in thrown && typeof thrown.code === "string") return thrown.code;
  return codeOf(thrown.cause);
}

/** Why the system could not read or write, in words; undefined for a cause that the user cannot fix. */
export const fileErrorOf = (thrown: unknown): string | undefined => reasons[codeOf(thrown) ?? ""];

const reasons: Record<string, string> = {
  ENOSPC: "the disk is full",
  EDQUOT: "your share of the disk is full",
  EACCES: "you do not have permission",
  EPERM: "you do not have permission",
  EROFS: "the disk is read-only",
  ENOTDIR: "a part of its path is a file",
  EISDIR: "it is a folder, not a file",
  ENAMETOOLONG: "its name is too long",
  EMFILE: "too many files are open (raise the limit with `ulimit -n`)",
  ENFILE: "this machine has too many files open",
};
