import { krippendorffAlpha } from "../stats/krippendorff.ts";
import type { Coder } from "../study/coding.ts";

/** The agreement of two coders on a variable. */
export interface Agreement {
  readonly variable: string;
  readonly coders: readonly [string, string];
  /** Texts that both coded. */
  readonly texts: number;
  /** The share of these with the same code; undefined if there are none. */
  readonly same: number | undefined;
  /** Krippendorff's alpha, nominal; undefined without shared texts, or if both coders gave only one code. */
  readonly alpha: number | undefined;
}

/** The agreement of every pair of coders on every variable. */
export function agreements(coders: readonly Coder[], variables: readonly string[]): Agreement[] {
  const tables = coders.map((coder) => ({ name: coder.name, codes: byVariable(coder) }));
  return variables.flatMap((variable) =>
    tables.flatMap((one, at) =>
      tables
        .slice(at + 1)
        .map((other) =>
          agreementOf(
            variable,
            [one.name, other.name],
            one.codes.get(variable) ?? new Map(),
            other.codes.get(variable) ?? new Map(),
          ),
        ),
    ),
  );
}

type Codes = ReadonlyMap<string, string>;

function agreementOf(
  variable: string,
  coders: readonly [string, string],
  one: Codes,
  other: Codes,
): Agreement {
  const shared = [...one.keys()].filter((text) => other.has(text));
  const numbers = new Map<string, number>();
  const numbered = (code: string) => {
    numbers.set(code, numbers.get(code) ?? numbers.size);
    return numbers.get(code)!;
  };
  const rows = [one, other].map((codes) => shared.map((text) => numbered(codes.get(text)!)));
  const same = shared.filter((text) => one.get(text) === other.get(text)).length;
  return {
    variable,
    coders,
    texts: shared.length,
    same: shared.length === 0 ? undefined : same / shared.length,
    alpha: krippendorffAlpha(rows, "nominal"),
  };
}

/** The codes of a coder by text, for each variable. */
export function byVariable({ codings }: Coder): Map<string, Map<string, string>> {
  const variables = new Map<string, Map<string, string>>();
  for (const { text, variable, code } of codings) {
    const codes = variables.get(variable) ?? new Map<string, string>();
    variables.set(variable, codes.set(text, code));
  }
  return variables;
}
