import { isDeepStrictEqual } from "node:util";
import { type Document, isMap, isScalar, parse, parseDocument } from "yaml";
import { withSettings } from "./with-settings.ts";

/** A change of a setting, by its path; `undefined` removes it, so that its default counts. */
export interface SettingChange {
  readonly path: readonly string[];
  readonly value: unknown;
}

/**
 * The text of a study.yaml after some changes. Comments stay. A value that is there is replaced in its place, so that nothing
 * else moves; for anything else the text is written again from the document. Either way the result is read again and
 * compared.
 */
export const editedSettings = (text: string, changes: readonly SettingChange[]): string =>
  changes.reduce(edited, text);

function edited(text: string, { path, value }: SettingChange): string {
  const document = parseDocument(text);
  const inPlace = isScalar(document.getIn(path, true)) && isPlain(value);
  if (value === undefined) remove(document, path);
  else set(document, path, value);
  const expected: unknown = document.toJS();
  if (inPlace) {
    const spliced = withSettings(text, [[path.join("."), value as string | number]]);
    if (isDeepStrictEqual(parsed(spliced), expected)) return spliced;
  }
  return document.toString({ lineWidth: 0 });
}

const isPlain = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value);

function parsed(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

/** Sets a value and the groups above it, also where a group is there but empty. */
function set(document: Document, path: readonly string[], value: unknown): void {
  if (document.contents === null) document.contents = document.createNode({}) as never;
  for (let length = 1; length < path.length; length++) {
    const group = path.slice(0, length);
    if (!isMap(document.getIn(group, true))) document.setIn(group, document.createNode({}));
  }
  document.setIn(path, document.createNode(value));
}

/** Removes a value, and the groups that it leaves empty. */
function remove(document: Document, path: readonly string[]): void {
  document.deleteIn(path);
  for (let length = path.length - 1; length > 0; length--) {
    const group = document.getIn(path.slice(0, length), true);
    if (isMap(group) && group.items.length === 0) document.deleteIn(path.slice(0, length));
  }
}
