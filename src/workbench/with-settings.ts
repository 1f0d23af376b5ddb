import { parseDocument, stringify } from "yaml";

/** A setting by its path in study.yaml, `corpus.split.train`, and its value. */
export type SettingAtPath = readonly [
  path: string,
  value: string | number | Readonly<Record<string, string>>,
];

/**
 * The text of a study.yaml with new values. Comments and layout stay, even the column of a comment; a setting that is
 * not there (`corpus.table`) becomes the first of its group.
 */
export const withSettings = (text: string, settings: readonly SettingAtPath[]): string =>
  settings.reduce(withSetting, text);

function withSetting(text: string, [path, value]: SettingAtPath): string {
  const keys = path.split(".");
  const written = writtenBelow(keys, value);
  const existing = parseDocument(text).getIn(keys, true);
  if (isLocated(existing)) {
    const [begin, end] = existing.range;
    // A folded text ends with its own line break.
    const closing = text.slice(begin, end).endsWith("\n") ? "\n" : "";
    const grown = written.length - (end - begin);
    const rest = text.slice(end).replace(/^ +(?=#)/, (gap) => " ".repeat(Math.max(1, gap.length - grown)));
    return `${text.slice(0, begin)}${written}${closing}${rest}`;
  }
  const [group, key] = keys;
  return text.replace(new RegExp(`^${group}:.*\\n`, "m"), (heading) => `${heading}  ${key}: ${written}\n`);
}

/**
 * Paragraphs are folded below their key, so that people can read and edit them; other values stay on the key's line.
 */
const writtenBelow = (keys: readonly string[], value: SettingAtPath[1]): string =>
  typeof value === "string" && value.includes("\n")
    ? stringify(value, { lineWidth: 106, blockQuote: "folded" })
        .trimEnd()
        .replace(/\n(?=.)/g, `\n${"  ".repeat(keys.length)}`)
    : stringify(value, { lineWidth: 0, collectionStyle: "flow" }).trimEnd();

const isLocated = (node: unknown): node is { range: [begin: number, end: number, next: number] } =>
  typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range);
