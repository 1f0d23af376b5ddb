/**
 * A record under the names of now: fields that version 0.1 wrote to a study's files under another name get theirs.
 * `names` says what each former name became. A record without any of them stays as it is.
 */
export function withPresentNames(record: unknown, names: Readonly<Record<string, string>>): unknown {
  if (typeof record !== "object" || record === null || Array.isArray(record)) return record;
  if (!Object.keys(names).some((name) => Object.hasOwn(record, name))) return record;
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [names[name] ?? name, value]));
}

/** What version 0.1 called the fields of a generation: a line of `generations/<model>/<prompt>.jsonl`. */
export const formerGeneration = { passing: "transient" } as const;
export const formerModel = { pretend: "dummy" } as const;
