/**
 * The dates of a column, in milliseconds; undefined for cells that are not dates. `3/4/2021` may be in March or
 * April: the other dates of the column decide; if they cannot, such dates are undefined.
 */
export function timesOf(dates: readonly (string | undefined)[]): (number | undefined)[] {
  const parts = dates.map((date) => /^(\d{1,2})[/.](\d{1,2})[/.](\d{4})\b/.exec(date?.trim() ?? ""));
  const over = (place: 1 | 2) => parts.some((found) => found !== null && Number(found[place]) > 12);
  const [first, second] = [over(1), over(2)];
  const dotted = dates.some((date) => /^\d{1,2}\.\d{1,2}\.\d{4}/.test(date?.trim() ?? ""));
  const dayFirst = first === second ? (dotted && !first ? true : undefined) : first;
  return dates.map((date, at) => {
    const found = parts[at];
    if (!found) return timeOf(date?.trim() ?? "");
    if (dayFirst === undefined) return undefined;
    const [day, month] = dayFirst ? [found[1], found[2]] : [found[2], found[1]];
    return validTime(Date.UTC(Number(found[3]), Number(month) - 1, Number(day)));
  });
}

/** A date that starts with its year or has the month's name; other numbers may not be dates. */
function timeOf(date: string): number | undefined {
  if (/^\d{4}(-\d{2}(-\d{2})?)?$/.test(date)) return validTime(Date.parse(date));
  if (/^\d{4}-\d{2}-\d{2}[T ]/.test(date) || /[a-z]{3}/i.test(date)) {
    return validTime(Date.parse(date.replace(/(\d)(?:st|nd|rd|th)\b/, "$1").replace(/\b(\w{3})\w*\./, "$1")));
  }
  return undefined;
}

const validTime = (time: number): number | undefined => (Number.isNaN(time) ? undefined : time);
