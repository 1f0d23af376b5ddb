import { expect, test } from "vitest";
import { studySchema } from "../../src/workbench/study-schema.ts";

interface Json {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Json>>;
  readonly items?: Json;
  readonly anyOf?: readonly Json[];
  readonly [key: string]: unknown;
}

/** Every setting with its path, including list items and alternatives. */
function settingsOf(schema: Json, path: string): [string, Json][] {
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([name, setting]): [string, Json][] => [
      [`${path}${name}`, setting],
      ...settingsOf(setting, `${path}${name}.`),
    ]),
    ...(schema.items ? settingsOf(schema.items, path) : []),
    ...(schema.anyOf ?? []).flatMap((one) => settingsOf(one, path)),
  ];
}

const settings = settingsOf(studySchema() as Json, "");

test("every setting of study.yaml has a description for editors", () => {
  expect(settings.length).toBeGreaterThan(300);
  expect(settings.map(([path]) => path)).toContain("generate.models.budget");
  const silent = settings.filter(([, { description = "" }]) => !/^[A-Za-z$-].{9,}\.$/s.test(description));
  expect(silent.map(([path]) => path)).toEqual([]);
});

test("a description is short, and has the default", () => {
  const long = settings.filter(([, { description }]) => description!.length > 320);
  expect(long.map(([path]) => path)).toEqual([]);
  const of = (path: string) => settings.find(([name]) => name === path)![1].description;
  expect(of("analyse.alpha")).toBe("The significance level: how often a claim may be wrong. Default: 0.05.");
  expect(of("compose.pairs")).toMatch(/ Default: title\.$/);
  expect(of("tune.rate")).toBe("The learning rate. Default: 1e-5 for full, 1e-4 for lora.");
});

test("a plugin's model is valid in an editor, a misspelt setting of a built-in model is not", () => {
  const { items } = (studySchema() as Json).properties!["generate"]!.properties!["models"]!;
  const kinds = items!.anyOf!;
  expect(kinds.filter(({ additionalProperties }) => additionalProperties === false)).toHaveLength(10);
  const pattern = new RegExp(kinds.at(-1)!.properties!["address"]!["pattern"] as string);
  expect([pattern.test("markov:stories"), pattern.test("llama:embedded")]).toEqual([true, false]);
});
