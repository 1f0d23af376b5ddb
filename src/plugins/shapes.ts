import { nearestName } from "../workbench/nearest.ts";
import type { PluginKind } from "./plugin.ts";

/** The required type of a member of a definition, and for a text its pattern, with the pattern in words. */
interface Member {
  readonly type: "text" | "function" | "list" | "object" | "boolean" | "value";
  readonly optional?: true;
  readonly pattern?: readonly [pattern: RegExp, inWords: string];
}

const textMember: Member = { type: "text" };
const functionMember: Member = { type: "function" };
const textMatching = (pattern: RegExp, inWords: string): Member => ({
  type: "text",
  pattern: [pattern, inWords],
});
const optional = (member: Member): Member => ({ ...member, optional: true });

/** The members of each kind of definition. */
const shapes: Readonly<Record<PluginKind, Readonly<Record<string, Member>>>> = {
  task: {
    name: textMember,
    kind: textMember,
    phrases: { type: "object" },
    items: functionMember,
    asksOrigin: optional({ type: "boolean" }),
    asksFeeling: optional({ type: "boolean" }),
    rightAnswer: optional(textMember),
    stories: optional({ type: "value" }),
    at: optional(textMember),
    group: optional(textMember),
    when: optional({ type: "object" }),
    simulate: optional(functionMember),
  },
  model: {
    scheme: textMatching(/^[a-z]{2,20}$/, "2 to 20 lower-case letters"),
    summary: textMember,
    settings: optional({ type: "object" }),
    api: optional(textMatching(/^(chat|completions)$/, "chat or completions")),
    dummy: optional({ type: "boolean" }),
    files: optional(functionMember),
    open: functionMember,
  },
  measure: {
    name: textMatching(/^[a-z][a-z0-9_]{0,39}$/, "lower-case letters, digits and underscores"),
    label: optional(textMember),
    meaning: textMember,
    unit: textMember,
    format: textMatching(
      /^(text|integer|number|percent|p|milliseconds)$/,
      "number, integer, percent or text",
    ),
    dependsOn: optional({ type: "list" }),
    of: functionMember,
  },
  analysis: {
    name: textMatching(/^[a-z][a-z0-9-]{0,39}$/, "lower-case letters, digits and hyphens"),
    question: textMember,
    needs: { type: "list" },
    beforeData: optional({ type: "boolean" }),
    section: optional(textMember),
    run: functionMember,
  },
  source: {
    name: textMatching(/^[a-z][a-z0-9-]{0,39}$/, "lower-case letters, digits and hyphens"),
    summary: textMember,
    inputs: optional(functionMember),
    gather: functionMember,
  },
};

/** What is wrong with a definition, and how to correct it; undefined if it is correct. */
export function shapeError(kind: PluginKind, definition: object): readonly [string, string] | undefined {
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
    if (!fits(value, member)) return [`${name} is ${shown(value)}`, `it must be ${inWords(member)}`];
  }
  return undefined;
}

function fits(value: unknown, { type, pattern }: Member): boolean {
  if (type === "list") return Array.isArray(value);
  if (type === "text")
    return typeof value === "string" && value !== "" && (!pattern || pattern[0].test(value));
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return type === "value" || typeof value === type;
}

const inWords = ({ type, pattern }: Member): string =>
  pattern?.[1] ?? { boolean: "true or false", object: "an object" }[type as string] ?? `a ${type}`;

const shown = (value: unknown): string =>
  typeof value === "function" ? "a function" : (JSON.stringify(value)?.slice(0, 60) ?? String(value));
