import type { Form } from "../study/form.ts";
import type { Stimulus } from "../study/stimulus.ts";

/** How long taking part is. */
export interface SurveyLength {
  /** Different stories that a participant reads: the fewest and the most of any form. */
  readonly stories: readonly [least: number, most: number];
  /** Minutes that the longest form takes: whole ones, from 10 on in steps of 5. */
  readonly minutes: number;
}

/** Reading aloud in one's head takes about 200 to 250 words a minute; the slower figure promises nobody too little. */
const wordsPerMinute = 200;

/** Seconds to answer the questions of a page, and to find the story again that they are about. */
const secondsPerPage = 12;

/** How much the forms of a study ask of a participant. Each story is counted once, however many questions are about it. */
export function surveyLengthOf(forms: Iterable<Form>, stimuli: ReadonlyMap<string, Stimulus>): SurveyLength {
  const each = [...forms].map(({ questions }) => {
    const read = [...new Set(questions.flatMap((question) => question.stimuli))];
    const words = read.reduce((sum, id) => sum + (stimuli.get(id)?.words ?? 0), 0);
    return {
      stories: read.length,
      minutes: words / wordsPerMinute + (questions.length * secondsPerPage) / 60,
    };
  });
  const stories = each.map((one) => one.stories);
  const minutes = Math.max(2, Math.ceil(Math.max(0, ...each.map((one) => one.minutes))));
  return {
    stories: [Math.min(...stories), Math.max(...stories)],
    minutes: minutes > 10 ? Math.ceil(minutes / 5) * 5 : minutes,
  };
}

/** A researcher's text, or ours, with `{stories}` and `{minutes}` filled in. */
export const fillInLength = (text: string, { stories, minutes }: SurveyLength): string =>
  text
    .replaceAll("{stories}", stories[0] === stories[1] ? String(stories[0]) : stories.join("–"))
    .replaceAll("{minutes}", String(minutes));

/** What a text says of stories and minutes that is not so, one line each. Numbers may be digits or words, in English or German. */
export function wrongLengthClaims(
  text: string,
  setting: string,
  { stories, minutes }: SurveyLength,
): string[] {
  const [least, most] = stories;
  const fix = (place: string) => `write {${place}} in its place, which is filled in`;
  const storiesSaid = numbersBefore(text, /stor(?:y|ies)|texts?|Geschichten?|Texte?/)
    .filter((said) => said < least || said > most)
    .map(
      (said) =>
        `${setting} speaks of ${said} stories, and a form has ${least === most ? most : `${least} to ${most}`}: ${fix("stories")}`,
    );
  const minutesSaid = numbersBefore(text, /minutes?|mins?|Minuten?/)
    // A guess by half more or less is as good as ours.
    .filter((said) => said < minutes / 1.5 || said > minutes * 1.5 + 1)
    .map(
      (said) => `${setting} speaks of ${said} minutes, and a form takes about ${minutes}: ${fix("minutes")}`,
    );
  return [...new Set([...storiesSaid, ...minutesSaid])];
}

/** The numbers that stand before one of these nouns, with up to three words between: "six very short stories". */
function numbersBefore(text: string, noun: RegExp): number[] {
  const number = `\\d{1,3}|${Object.keys(numberWords).join("|")}`;
  const pattern = new RegExp(
    `(?<![\\p{L}\\d])(${number})(?:[\\s-]+(?!(?:${number})(?!\\p{L}))[\\p{L}]+){0,3}?[\\s-]+(?:${noun.source})(?!\\p{L})`,
    "giu",
  );
  return [...text.matchAll(pattern)].map(([, said]) => numberWords[said!.toLowerCase()] ?? Number(said));
}

const numberWords: Readonly<Record<string, number>> = Object.fromEntries(
  [
    "two three four five six seven eight nine ten eleven twelve fifteen sixteen twenty thirty",
    "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf fünfzehn sechzehn zwanzig dreißig",
  ].flatMap((words) => {
    const values = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16, 20, 30];
    return words.split(" ").map((word, at) => [word, values[at]!]);
  }),
);
