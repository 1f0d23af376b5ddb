/**
 * Wraps text at `width` characters, between words; a longer word stays whole. Continuation lines are indented by
 * `hang`, by default two more than the line itself.
 */
export const wrapped = (text: string, width: number, hang?: number): string =>
  text
    .split("\n")
    .map((line) => wrappedLine(line, width, hang ?? (/^ */.exec(line)?.[0].length ?? 0) + 2))
    .join("\n");

function wrappedLine(line: string, width: number, hang: number): string {
  if (line.length <= width) return line;
  // A line may break at a run of spaces, but not at its own indentation.
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
