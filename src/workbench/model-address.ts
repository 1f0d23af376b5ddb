import { schemes as allSchemes } from "../study/settings/models.ts";
import { StudyError } from "./errors.ts";
import { nearestName } from "./nearest.ts";

/** The error for an address that is not a model's: its hint is the nearest right one, or all kinds of address. */
export function unknownAddress(where: string, address: string): StudyError {
  const schemes = allSchemes();
  const [scheme, model] = /^([a-z]+):(.*)$/is.exec(address)?.slice(1) ?? [undefined, address];
  const meant = scheme ? nearestName(scheme, schemes) : schemeOfName(address);
  return new StudyError(`${where}: ${address} is not a model address`, {
    hint: meant
      ? `did you mean ${meant}:${model}?`
      : `an address starts with ${schemes.map((each) => `${each}:`).join(", ")}`,
  });
}

/** The likely provider of a model of this name; undefined if the name does not show it. */
function schemeOfName(name: string): string | undefined {
  if (/\.gguf$/i.test(name) || name === "embedded") return "llama";
  if (/^(?:gpt|o\d|chatgpt)/i.test(name)) return "openai";
  if (/^claude/i.test(name)) return "anthropic";
  if (/^gemini/i.test(name)) return "gemini";
  return undefined;
}
