import type { z } from "zod";
import { counted } from "../study/print.ts";

type Issue = z.core.$ZodIssue;

/**
 * What is wrong with a value, in words: `"many" where a whole number is expected`. A schema's own message is kept.
 * The value is shown if the schema was parsed with `reportInput`.
 */
export function wrongValue(issue: Issue): string {
  if (issue.code === "unrecognized_keys") return `unknown key ${issue.keys.join(", ")}`;
  if (issue.code === "invalid_key") return wrongValue(issue.issues[0]!);
  if (ownMessage(issue))
    return issue.input === undefined ? issue.message : `${shown(issue.input)}: ${issue.message}`;
  if (issue.input === undefined) return `missing, ${expectation(issue)} is expected`;
  return `${shown(issue.input)} where ${expectation(issue)} is expected`;
}

/** What would be right. */
function expectation(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return kinds[issue.expected] ?? issue.expected;
    case "invalid_value":
      return orOf(issue.values.map(String));
    case "invalid_union":
      return issue.errors.length > 0
        ? orOf(issue.errors.map(([first]) => expectation(first!)))
        : "another value";
    case "too_small":
      return sized(issue.origin, issue.inclusive ? "of at least" : "above", issue.minimum);
    case "too_big":
      return sized(issue.origin, issue.inclusive ? "of at most" : "below", issue.maximum);
    case "invalid_format":
      return issue.format === "date" ? "a date such as 2022-03-31" : "another format";
    default:
      return "another value";
  }
}

/** Whether the message is the schema's own and not zod's. */
const ownMessage = ({ message }: Issue): boolean => !/^(Invalid|Too (small|big)|Expected)\b/.test(message);

const kinds: Record<string, string> = {
  number: "a number",
  int: "a whole number",
  string: "a text",
  boolean: "true or false",
  array: "a list",
  object: "a group of keys",
  record: "a group of keys",
};

const countedUnits: Record<string, string> = { array: "item", string: "letter", object: "key" };

const sized = (origin: string, how: string, limit: number | bigint): string => {
  const unit = countedUnits[origin];
  return unit ? `${kinds[origin]} ${how} ${counted(Number(limit), unit)}` : `a number ${how} ${limit}`;
};

const orOf = (names: readonly string[]): string => [...new Set(names)].join(" or ");

const longest = 60;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
