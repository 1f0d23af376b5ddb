/**
 * Renames fields of a record that an earlier version wrote under other names. `names` maps each former name to the current
 * one. A record without such fields is returned unchanged.
 */
export function withCurrentNames(record: unknown, names: Readonly<Record<string, string>>): unknown {
  if (typeof record !== "object" || record === null || Array.isArray(record)) return record;
  if (!Object.keys(names).some((name) => Object.hasOwn(record, name))) return record;
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [names[name] ?? name, value]));
}

/**
 * Former names of the fields of a generation and its `model` (version 0.1): a line of
 * `generations/<model>/<prompt>.jsonl`.
 */
export const formerGeneration = { passing: "transient" } as const;
export const formerModel = { pretend: "dummy" } as const;

/** Former names of settings in `analyse:` (before 0.2), in study.yaml, registrations and packages. */
export const formerAnalyse = { weigh: "weighting" } as const;

/** Former names of effects of the mixed model, in `findings/mixed-model.json` (version 0.1). */
export const formerEffects: Readonly<Record<string, string>> = { leaning: "intercept" };

/** Former names of the fields of a reply in `.tinylove/responses.jsonl` (before 0.2). */
export const formerReply = { lasting: "permanent" } as const;

/** Former names of the fields of `findings/*.json` and of each finding in it (before 0.2). */
export const formerFindings = { asks: "question", place: "position" } as const;
export const formerFinding = { weight: "role" } as const;

/** Former names of the fields of `words` in `corpus/summary.json` (before 0.2). */
export const formerCorpusWords = { above: "aboveLimit", rule: "limit" } as const;

/** Former names of the columns of `judgments/participants.csv` (before 0.2). */
export const formerParticipant = { filled_traps: "filled_honeypots" } as const;
