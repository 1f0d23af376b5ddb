import { randomId } from "../survey/ids.ts";
import type { Effects } from "../workbench/effects.ts";
import { StudyError } from "../workbench/errors.ts";

const shortestToken = 16;

/**
 * The token of a server: TINYLOVE_TOKEN of the environment, or a new one at each start. Throws StudyError for a short one,
 * which can be guessed.
 */
export function tokenFrom({ env }: Pick<Effects, "env">): string {
  const token = env["TINYLOVE_TOKEN"]?.trim();
  if (!token) return randomId();
  if (token.length >= shortestToken) return token;
  throw new StudyError(`TINYLOVE_TOKEN has ${token.length} characters and can be guessed`, {
    hint: `use at least ${shortestToken} random characters, or unset it for a new token at each start`,
  });
}
