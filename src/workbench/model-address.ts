import { schemes as schemesThere } from "../study/settings/models.ts";
import { StudyError } from "./errors.ts";
import { nearestName } from "./nearest.ts";

/** What to say of an address that names no kind of model: the nearest right one, or all there are. */
export function unknownAddress(where: string, address: string): StudyError {
  const schemes = schemesThere();
  const [scheme, model] = /^([a-z]+):(.*)$/is.exec(address)?.slice(1) ?? [undefined, address];
  const meant = scheme ? nearestName(scheme, schemes) : schemeOfName(address);
  return new StudyError(`${where}: ${address} is no address of a model`, {
    hint: meant
      ? `did you mean ${meant}:${model}?`
      : `an address begins with ${schemes.map((each) => `${each}:`).join(", ")}`,
  });
}

/** Who is likely to serve a model of this name; undefined where the name does not say it. */
function schemeOfName(name: string): string | undefined {
  if (/\.gguf$/i.test(name) || name === "embedded") return "llama";
  if (/^(?:gpt|o\d|chatgpt)/i.test(name)) return "openai";
  if (/^claude/i.test(name)) return "anthropic";
  if (/^gemini/i.test(name)) return "gemini";
  return undefined;
}
