import type { Form } from "../study/form.ts";
import type { Stimulus } from "../study/stimulus.ts";

/** How long taking part takes. */
export interface SurveyLength {
  /** The number of different stories in a form: the smallest and the largest of all forms. */
  readonly stories: readonly [fewest: number, most: number];
  /** Minutes for the longest form, rounded up: to whole minutes, above 10 to multiples of 5. */
  readonly minutes: number;
}

/** Silent reading takes about 200 to 250 words a minute; the slower figure does not promise too short a survey. */
const wordsPerMinute = 200;

/** Seconds for answering the questions of a page, looking back at the story included. */
const secondsPerPage = 12;

/** The length of a study's forms. Each story counts once, however many questions are about it. */
export function surveyLengthOf(forms: Iterable<Form>, stimuli: ReadonlyMap<string, Stimulus>): SurveyLength {
  const each = [...forms].map(({ questions, conditions = [] }) => {
    const read = [...new Set(questions.flatMap((question) => question.stimuli))];
    const whole = conditions.some((condition) => condition.whole);
    const words = read.reduce((sum, id) => sum + wordsOf(stimuli.get(id), whole), 0);
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

/** The words of a story as shown; whole ones have what was cut off too. */
const wordsOf = (stimulus: Stimulus | undefined, whole: boolean): number =>
  stimulus ? stimulus.words + (whole ? stimulus.cut : 0) : 0;

/**
 * Fills in `{stories}`, `{minutes}` and `{tasks}` in a consent, instructions or debriefing text. `tasks` is what is asked
 * (`askedIn`).
 */
export const fillIn = (text: string, { stories, minutes }: SurveyLength, tasks: string): string =>
  text
    .replaceAll("{stories}", stories[0] === stories[1] ? String(stories[0]) : stories.join("–"))
    .replaceAll("{minutes}", String(minutes))
    .replaceAll("{tasks}", tasks);

/** A line for each text that says that endings are cut off where stories are whole. */
export const wrongCutClaims = (texts: Readonly<Record<string, string>>, cut: boolean): string[] =>
  Object.entries(texts)
    .filter(([, text]) => !cut && /\b(cut off|cut short|shortened|abgeschnitten|gekürzt)/i.test(text))
    .map(
      ([name]) => `survey.${name} says that texts are cut, but the stories are whole (compose.clip: none)`,
    );

/** Wrong numbers of stories or minutes in a text, a line each. Numbers may be digits or words, English or German. */
export function wrongLengthClaims(
  text: string,
  setting: string,
  { stories, minutes }: SurveyLength,
): string[] {
  const [fewest, most] = stories;
  const fix = (placeholder: string) => `write {${placeholder}}, which is filled in`;
  const storyClaims = numbersBefore(text, /stor(?:y|ies)|texts?|Geschichten?|Texte?/)
    .filter((claimed) => claimed < fewest || claimed > most)
    .map(
      (claimed) =>
        `${setting} says ${claimed} stories, but a form has ${fewest === most ? most : `${fewest} to ${most}`}: ${fix("stories")}`,
    );
  const minuteClaims = numbersBefore(text, /minutes?|mins?|Minuten?/)
    // The computed length is an estimate: a claim up to half longer or shorter is accepted.
    .filter((claimed) => claimed < minutes / 1.5 || claimed > minutes * 1.5 + 1)
    .map(
      (claimed) => `${setting} says ${claimed} minutes, but a form takes about ${minutes}: ${fix("minutes")}`,
    );
  return [...new Set([...storyClaims, ...minuteClaims])];
}

/** The numbers before one of these nouns, with up to three words between them: "six very short stories". */
function numbersBefore(text: string, noun: RegExp): number[] {
  const number = `\\d{1,3}|${Object.keys(numberWords).join("|")}`;
  const pattern = new RegExp(
    `(?<![\\p{L}\\d])(${number})(?:[\\s-]+(?!(?:${number})(?!\\p{L}))[\\p{L}]+){0,3}?[\\s-]+(?:${noun.source})(?!\\p{L})`,
    "giu",
  );
  return [...text.matchAll(pattern)].map(
    ([, claimed]) => numberWords[claimed!.toLowerCase()] ?? Number(claimed),
  );
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
