import { nearestName } from "../workbench/nearest.ts";
import type { PluginKind } from "./plugin.ts";

/** What a member of a definition has to be: its type, or a pattern with what it asks for in words. */
interface Member {
  readonly is: "text" | "function" | "list" | "object" | "boolean" | "value";
  readonly optional?: true;
  readonly like?: readonly [pattern: RegExp, inWords: string];
}

const text: Member = { is: "text" };
const run: Member = { is: "function" };
const named = (pattern: RegExp, inWords: string): Member => ({ is: "text", like: [pattern, inWords] });
const optional = (member: Member): Member => ({ ...member, optional: true });

/** The members of each kind of definition. */
const shapes: Readonly<Record<PluginKind, Readonly<Record<string, Member>>>> = {
  task: {
    name: text,
    kind: text,
    phrases: { is: "object" },
    items: run,
    asksOrigin: optional({ is: "boolean" }),
    asksFeeling: optional({ is: "boolean" }),
    rightAnswer: optional(text),
    simulate: optional(run),
  },
  model: {
    scheme: named(/^[a-z]{2,20}$/, "2 to 20 lower-case letters"),
    summary: text,
    settings: optional({ is: "object" }),
    takes: optional(named(/^(chat|completions)$/, "chat or completions")),
    pretend: optional({ is: "boolean" }),
    files: optional(run),
    open: run,
  },
  measure: {
    name: named(/^[a-z][a-z0-9_]{0,39}$/, "lower-case letters, digits and underscores"),
    means: text,
    unit: text,
    format: named(/^(text|integer|number|percent|p|milliseconds)$/, "number, integer, percent or text"),
    dependsOn: optional({ is: "list" }),
    of: run,
  },
  analysis: {
    name: named(/^[a-z][a-z0-9-]{0,39}$/, "lower-case letters, digits and hyphens"),
    asks: text,
    needs: { is: "list" },
    beforeData: optional({ is: "boolean" }),
    run,
  },
  source: {
    name: named(/^[a-z][a-z0-9-]{0,39}$/, "lower-case letters, digits and hyphens"),
    summary: text,
    inputs: optional(run),
    gather: run,
  },
};

/** What is wrong with a definition, and how to correct it; undefined where nothing is. */
export function wrongShape(kind: PluginKind, definition: object): readonly [string, string] | undefined {
  const shape = shapes[kind];
  for (const name of Object.keys(definition)) {
    if (Object.hasOwn(shape, name)) continue;
    const near = nearestName(name, Object.keys(shape));
    return [
      `a ${kind} has no member ${name}`,
      near ? `did you mean ${near}?` : `it has ${Object.keys(shape).join(", ")}`,
    ];
  }
  for (const [name, member] of Object.entries(shape)) {
    const value = (definition as Record<string, unknown>)[name];
    if (value === undefined && member.optional) continue;
    if (value === undefined) return [`${name} is missing`, `a ${kind} needs ${name}: ${inWords(member)}`];
    if (!fits(value, member)) return [`${name} is ${shown(value)}`, `it has to be ${inWords(member)}`];
  }
  return undefined;
}

function fits(value: unknown, { is, like }: Member): boolean {
  if (is === "list") return Array.isArray(value);
  if (is === "text") return typeof value === "string" && value !== "" && (!like || like[0].test(value));
  if (is === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return is === "value" || typeof value === is;
}

const inWords = ({ is, like }: Member): string =>
  like?.[1] ?? { boolean: "true or false", object: "an object" }[is as string] ?? `a ${is}`;

const shown = (value: unknown): string =>
  typeof value === "function" ? "a function" : (JSON.stringify(value)?.slice(0, 60) ?? String(value));
