import { type Coder, CoderKind, majority } from "../study/coding.ts";
import { byVariable } from "./agreement.ts";

/** The code of a text on a variable that the study goes by, and by which kind of coder it was given. */
export interface Settled {
  readonly code: string;
  readonly by: CoderKind;
}

/**
 * The code of each text on each variable: people's where people coded it, else a model's, else the cue lists'. Of
 * several coders of a kind the majority decides; where there is none the text has no code, for an open
 * disagreement is not settled by a weaker coder.
 */
export function settledCodes(
  coders: readonly Coder[],
  variables: readonly string[],
): ReadonlyMap<string, ReadonlyMap<string, Settled>> {
  const tables = coders.map((coder) => ({ kind: coder.kind, codes: byVariable(coder) }));
  return new Map(
    variables.map((variable) => {
      const settled = new Map<string, Settled>();
      const decided = new Set<string>();
      // In the order of the kinds: people, model, cues.
      for (const by of CoderKind.options) {
        const codes = tables
          .filter(({ kind }) => kind === by)
          .map((table) => table.codes.get(variable) ?? new Map());
        const texts = new Set(codes.flatMap((map) => [...map.keys()]));
        for (const text of texts) {
          if (decided.has(text)) continue;
          decided.add(text);
          const code = majority(codes.flatMap((map) => map.get(text) ?? []));
          if (code) settled.set(text, { code, by });
        }
      }
      return [variable, settled];
    }),
  );
}

/**
 * The codes of the strongest kind of coder that coded any text, for counting: shares over a sample that people
 * coded and a rest that cue lists coded would be shares of nothing. Undefined where nothing is coded.
 */
export function strongestCodes(
  settled: ReadonlyMap<string, Settled>,
): { readonly by: CoderKind; readonly codes: ReadonlyMap<string, string> } | undefined {
  const all = [...settled];
  const by = CoderKind.options.find((kind) => all.some(([, settledCode]) => settledCode.by === kind));
  if (!by) return undefined;
  const own = all.filter(([, settledCode]) => settledCode.by === by);
  return { by, codes: new Map(own.map(([text, { code }]) => [text, code])) };
}
