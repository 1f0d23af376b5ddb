import { parseDocument, stringify } from "yaml";

/** A setting by its path in study.yaml, `corpus.split.train`, and its value. */
export type SettingAtPath = readonly [
  path: string,
  value: string | number | Readonly<Record<string, string>>,
];

/**
 * The text of a study.yaml with other values. Each is put in its place, so that comments and layout stay, also the
 * column that a comment begins in; a setting of a group (`corpus.table`) that is not there becomes the first of its
 * group.
 */
export const withSettings = (text: string, settings: readonly SettingAtPath[]): string =>
  settings.reduce(withSetting, text);

function withSetting(text: string, [path, value]: SettingAtPath): string {
  const keys = path.split(".");
  const written = writtenBelow(keys, value);
  const there = parseDocument(text).getIn(keys, true);
  if (isLocated(there)) {
    const [begin, end] = there.range;
    // A folded text ends with a line break of its own.
    const closing = text.slice(begin, end).endsWith("\n") ? "\n" : "";
    const grown = written.length - (end - begin);
    const rest = text.slice(end).replace(/^ +(?=#)/, (gap) => " ".repeat(Math.max(1, gap.length - grown)));
    return `${text.slice(0, begin)}${written}${closing}${rest}`;
  }
  const [group, key] = keys;
  return text.replace(new RegExp(`^${group}:.*\\n`, "m"), (heading) => `${heading}  ${key}: ${written}\n`);
}

/** Paragraphs are folded below their key, so that people can read on and change them; all else stands on its key's line. */
const writtenBelow = (keys: readonly string[], value: SettingAtPath[1]): string =>
  typeof value === "string" && value.includes("\n")
    ? stringify(value, { lineWidth: 106, blockQuote: "folded" })
        .trimEnd()
        .replace(/\n(?=.)/g, `\n${"  ".repeat(keys.length)}`)
    : stringify(value, { lineWidth: 0, collectionStyle: "flow" }).trimEnd();

const isLocated = (node: unknown): node is { range: [begin: number, end: number, next: number] } =>
  typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range);
