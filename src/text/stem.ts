/**
 * The stem of an English word, so that `lover`, `loved` and `loving` meet: Porter's algorithm (An algorithm for
 * suffix stripping, Program 14, 1980), with the `logi` and `bli` rules of his own later program. Expects lower
 * case; words of two letters and words with other than a to z stay as they are.
 */
export function stem(word: string): string {
  if (word.length < 3 || !/^[a-z]+$/.test(word)) return word;
  return [plural, past, finalY, longSuffix, middleSuffix, lastSuffix, tidy].reduce(
    (form, step) => step(form),
    word,
  );
}

/** The pattern of consonants (c) and vowels (v); `y` is a vowel after a consonant. */
function shape(word: string): string {
  let pattern = "";
  for (const letter of word) {
    const vowel = "aeiou".includes(letter) || (letter === "y" && pattern.endsWith("c"));
    pattern += vowel ? "v" : "c";
  }
  return pattern;
}

/** Porter's m: how many times vowels are followed by consonants. */
const measure = (word: string): number => shape(word).match(/v+c+/g)?.length ?? 0;
const hasVowel = (word: string): boolean => shape(word).includes("v");
const endsDouble = (word: string): boolean => /([^aeiou])\1$/.test(word) && shape(word).endsWith("cc");
/** Porter's *o: ends consonant, vowel, consonant, and the last is not w, x or y. */
const endsShort = (word: string): boolean => shape(word).endsWith("cvc") && !/[wxy]$/.test(word);

function plural(word: string): string {
  if (/(ss|i)es$/.test(word)) return word.slice(0, -2);
  return /[^s]s$/.test(word) ? word.slice(0, -1) : word;
}

function past(word: string): string {
  if (word.endsWith("eed")) return measure(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word;
  const base = word.replace(/(ed|ing)$/, "");
  if (base === word || !hasVowel(base)) return word;
  if (/(at|bl|iz)$/.test(base)) return `${base}e`;
  if (endsDouble(base) && !/[lsz]$/.test(base)) return base.slice(0, -1);
  return measure(base) === 1 && endsShort(base) ? `${base}e` : base;
}

const finalY = (word: string): string =>
  word.endsWith("y") && hasVowel(word.slice(0, -1)) ? `${word.slice(0, -1)}i` : word;

const longSuffix = replacing(
  0,
  `ational ate, tional tion, enci ence, anci ance, izer ize, bli ble, alli al, entli ent, eli e, ousli ous,
   ization ize, ation ate, ator ate, alism al, iveness ive, fulness ful, ousness ous, aliti al, iviti ive,
   biliti ble, logi log`,
);
const middleSuffix = replacing(0, "icate ic, ative -, alize al, iciti ic, ical ic, ful -, ness -");
const lastSuffix = replacing(
  1,
  `al -, ance -, ence -, er -, ic -, able -, ible -, ant -, ement -, ment -, ent -, sion s, tion t, ou -, ism -,
   ate -, iti -, ous -, ive -, ize -`,
);

function tidy(word: string): string {
  let form = word;
  if (form.endsWith("e")) {
    const base = form.slice(0, -1);
    if (measure(base) > 1 || (measure(base) === 1 && !endsShort(base))) form = base;
  }
  return form.endsWith("ll") && measure(form) > 1 ? form.slice(0, -1) : form;
}

/** A step that replaces the longest suffix that matches, where what stands before it has a measure above `least`. */
function replacing(least: number, rules: string): (word: string) => string {
  const pairs = rules
    .split(",")
    .map((rule) => rule.trim().split(" ") as [string, string])
    .map(([suffix, ending]) => ({ suffix, ending: ending.replace("-", "") }))
    .sort((one, other) => other.suffix.length - one.suffix.length);
  return (word) => {
    const rule = pairs.find(({ suffix }) => word.endsWith(suffix));
    if (!rule) return word;
    const base = word.slice(0, -rule.suffix.length);
    return measure(base + ionStem(rule.suffix)) > least ? base + rule.ending : word;
  };
}

/** Before `ion` Porter asks for s or t, which belongs to what is measured. */
const ionStem = (suffix: string): string => (suffix === "sion" ? "s" : suffix === "tion" ? "t" : "");
