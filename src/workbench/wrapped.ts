/**
 * Text in lines of at most `width` characters, parted between words; a word that is longer stays whole. Lines that go on
 * stand `hang` deep, by default two deeper than their own beginning.
 */
export const wrapped = (text: string, width: number, hang?: number): string =>
  text
    .split("\n")
    .map((line) => wrappedLine(line, width, hang ?? (/^ */.exec(line)?.[0].length ?? 0) + 2))
    .join("\n");

function wrappedLine(line: string, width: number, hang: number): string {
  if (line.length <= width) return line;
  // Where a line may part: a run of spaces after something that stands there.
  const words = line.split(/(?<=\S)(?=\s)/);
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined) lines.push(word);
    else if (last.length + word.length <= width) lines[lines.length - 1] = `${last}${word}`;
    else lines.push(`${" ".repeat(hang)}${word.trimStart()}`);
  }
  return lines.join("\n");
}
