import { type Coder, CoderKind, majority } from "../study/coding.ts";
import { byVariable } from "./agreement.ts";

/** The code that the study uses for a text and a variable, and which kind of coder gave it. */
export interface FinalCode {
  readonly code: string;
  readonly by: CoderKind;
}

/**
 * The code of each text on each variable: from people if people coded it, else from a model, else from the cue lists.
 * With several coders of one kind the majority decides. Without a majority the text has no code: a weaker kind of
 * coder does not settle a disagreement.
 */
export function finalCodes(
  coders: readonly Coder[],
  variables: readonly string[],
): ReadonlyMap<string, ReadonlyMap<string, FinalCode>> {
  const tables = coders.map((coder) => ({ kind: coder.kind, codes: byVariable(coder) }));
  return new Map(
    variables.map((variable) => {
      const settled = new Map<string, FinalCode>();
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
 * The codes of the strongest kind of coder that coded any text, for counting: shares that mix a sample coded by
 * people with a rest coded by cue lists would mean nothing. Undefined if nothing is coded.
 */
export function strongestCodes(
  settled: ReadonlyMap<string, FinalCode>,
): { readonly by: CoderKind; readonly codes: ReadonlyMap<string, string> } | undefined {
  const all = [...settled];
  const by = CoderKind.options.find((kind) => all.some(([, settledCode]) => settledCode.by === kind));
  if (!by) return undefined;
  const own = all.filter(([, settledCode]) => settledCode.by === by);
  return { by, codes: new Map(own.map(([text, { code }]) => [text, code])) };
}
