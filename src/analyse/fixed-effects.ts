import { StudyError } from "../workbench/errors.ts";
import type { Choice, Data } from "./data.ts";

/** A fixed effect as columns of a design matrix: one, or one per level except the first. */
export interface Effect {
  readonly name: string;
  readonly columns: readonly { readonly label: string; readonly values: readonly (number | undefined)[] }[];
}

/**
 * The fixed effects of a model by name: `origin` (human against machine), `model` (each model against the mean of all
 * models), `form`, `order` (per position), `confidence` (per step), `ms` (per ten seconds), or any measure of the stories
 * (per standard deviation). An effect that does not vary in the data is left out. Throws StudyError for an unknown name.
 */
export function effectsOf(names: readonly string[], data: Pick<Data, "choices" | "measures">): Effect[] {
  return [...new Set(names)].map((name) => effectOf(name, data)).filter(({ columns }) => columns.length > 0);
}

function effectOf(name: string, data: Pick<Data, "choices" | "measures">): Effect {
  const { choices } = data;
  const builder = builders[name];
  if (builder) return { name, columns: builder(choices) };
  const measured = choices.map(({ stimulus }) => data.measures.get(stimulus)?.[name]);
  assertKnownEffects([name], data.measures);
  return { name, columns: standardised(`${name}, per standard deviation`, measured) };
}

/** Throws StudyError for a name that is neither an answer column nor a measure. */
export function assertKnownEffects(names: readonly string[], measures: Data["measures"]): void {
  const known = new Set([...Object.keys(builders), ...[...measures.values()].flatMap(Object.keys)]);
  const unknown = names.find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new StudyError(`analyse.effects: unknown effect ${unknown}`, {
    hint: `try ${[...known].join(", ")}`,
  });
}

type Column = Effect["columns"][number];

const builders: Readonly<Record<string, (choices: readonly Choice[]) => Column[]>> = {
  origin: (choices) =>
    varying(
      "human against machine",
      choices.map(({ origin }) => (origin === "human" ? 0.5 : -0.5)),
    ),
  model: modelColumns,
  form: (choices) => levels(choices.map(({ form }) => form)),
  order: (choices) =>
    centred(
      "per position",
      choices.map(({ order }) => order),
    ),
  confidence: (choices) =>
    centred(
      "per step",
      choices.map(({ confidence }) => confidence),
    ),
  ms: (choices) =>
    centred(
      "per ten seconds",
      choices.map(({ ms }) => ms && ms / 10_000),
    ),
};

/** Sum-to-zero contrasts of the models; 0 for human stories, so that `origin` keeps its meaning. */
function modelColumns(choices: readonly Choice[]): Column[] {
  const models = [...new Set(choices.map(({ model }) => model))].filter(Boolean).sort();
  const last = models.at(-1);
  return models.slice(0, -1).map((model) => ({
    label: model,
    values: choices.map((choice) => Number(choice.model === model) - Number(choice.model === last)),
  }));
}

function levels(values: readonly string[]): Column[] {
  const names = [...new Set(values)].filter(Boolean).sort();
  return names.slice(1).map((name) => ({
    label: `${name} against ${names[0]}`,
    values: values.map((value) => (value === "" ? undefined : Number(value === name))),
  }));
}

function centred(label: string, values: readonly (number | undefined)[]): Column[] {
  const { mean } = momentsOf(values);
  return varying(
    label,
    values.map((value) => (value === undefined ? undefined : value - mean)),
  );
}

function standardised(label: string, values: readonly (number | undefined)[]): Column[] {
  const { mean, deviation } = momentsOf(values);
  return varying(
    label,
    values.map((value) => (value === undefined ? undefined : (value - mean) / (deviation || 1))),
  );
}

/** A constant column is left out. */
function varying(label: string, values: readonly (number | undefined)[]): Column[] {
  const known = values.filter((value) => value !== undefined);
  return known.some((value) => value !== known[0]) ? [{ label, values }] : [];
}

function momentsOf(values: readonly (number | undefined)[]): { mean: number; deviation: number } {
  const known = values.filter((value) => value !== undefined);
  const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
  const square = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, known.length - 1);
  return { mean, deviation: Math.sqrt(square) };
}
