/**
 * Normalises a text for showing and comparing, so that typography cannot reveal its origin. People's stories come
 * with curly quotes, em dashes and paragraphs, models' with straight quotes and two hyphens or Markdown; the curly
 * form cannot be derived from a straight one, so both are brought to the plain form:
 *
 * - straight quotes `'` and `"`, also for back-ticks and for two apostrophes used as one quote;
 * - fractions as `1/2`, ordinals as `4th`, letters and digits of full width as usual ones;
 * - every dash between parts of a sentence as ` – `, hyphens and ranges of numbers as `-`;
 * - an ellipsis as `…`, close to the word before it and with a space before a word after it;
 * - single spaces, no line breaks or paragraphs, none at either end;
 * - no control characters, no invisible ones (zero-width, bidi overrides, soft hyphens), no lone surrogates;
 * - no Markdown emphasis, and no backslashes that escape Markdown signs; Unicode in NFC.
 *
 * Letters of every script, accents and emoji stay, with the joiners that they need. Idempotent; linear in time.
 */
export const normaliseText = (text: string): string => steps.reduce((form, step) => step(form), text);

/** Removes invisible characters, except the joiners that emoji, flags and letters of joining scripts need. */
const visible = (text: string): string =>
  text.replace(unseen, (sign: string, at: number) => {
    if (sign.length > 2) return sign; // a flag of a region: its letters are unseen tags
    if (isNeeded(sign, text.slice(Math.max(0, at - 3), at), text.slice(at + sign.length, at + 3)))
      return sign;
    return blank.test(sign) ? " " : "";
  });

const unseen =
  /\u{1F3F4}[\u{E0020}-\u{E007E}]+\u{E007F}|[\p{Default_Ignorable_Code_Point}\p{Surrogate}\p{Control}\uFFF9-\uFFFB]/gu;

/** Line breaks, tabs and the Hangul fillers, which are drawn as spaces. */
const blank = /[\t-\r\x85\u115F\u1160\u3164\uFFA0]/;

function isNeeded(sign: string, before: string, after: string): boolean {
  if (sign === "\uFE0F") {
    return /\p{Extended_Pictographic}$/u.test(before) || (/[#*0-9]$/.test(before) && after[0] === "\u20E3");
  }
  if (sign === "\u200D" && /(?:\p{Extended_Pictographic}|\p{Emoji_Modifier})\uFE0F?$/u.test(before)) {
    return /^\p{Extended_Pictographic}/u.test(after);
  }
  return (
    /[\u200C\u200D]/.test(sign) &&
    joining.test(before.at(-1) ?? "") &&
    /^\p{L}/u.test(after) &&
    joining.test(after[0]!)
  );
}

/** Scripts in which a joiner changes the letters next to it. All of them are in the basic plane. */
const joining =
  /[\p{sc=Arab}\p{sc=Syrc}\p{sc=Deva}\p{sc=Beng}\p{sc=Guru}\p{sc=Gujr}\p{sc=Orya}\p{sc=Taml}\p{sc=Telu}\p{sc=Knda}\p{sc=Mlym}\p{sc=Sinh}\p{sc=Khmr}]/u;

/**
 * Ligatures, fractions, ordinals and full-width characters as plain letters and digits, because typesetting has them
 * but few models write them.
 */
const composed = (text: string): string =>
  text
    .replace(/[\uFB00-\uFB06Ａ-Ｚａ-ｚ０-９]|(?<=\d)(?:ˢᵗ|ⁿᵈ|ʳᵈ|ᵗʰ)/g, (sign) => sign.normalize("NFKC"))
    .replace(/(?<=\d)(?=[¼½¾⅐-⅞↉])|(?<=[¼½¾⅐-⅞↉])(?=\d)/g, " ")
    .replace(/[¼½¾⅐-⅟↉]/g, (fraction) => fraction.normalize("NFKC"))
    .replace(/\u2044/g, "/")
    .normalize("NFC");

/** Removes the fences of Markdown's code, and the backslashes that escape Markdown signs. */
const unfenced = (text: string): string => text.replace(/`{3,}|\\+(?=[*_~`#])/g, "");

/** Asterisks and underscores of Markdown emphasis; `f*ck` and `snake_case` keep theirs. */
const unemphasised = (text: string): string =>
  text
    .replace(/(?<![\p{L}\p{N}\p{M}*])\*+(?!\p{M})|\*+(?![*\p{L}\p{N}\p{M}])/gu, "")
    .replace(/(?<![\p{L}\p{N}\p{M}_])_{1,2}(?=[^\s_.…\p{M}])|(?<=[^\s_])_{1,2}(?![\p{L}\p{N}\p{M}_])/gu, "");

const straightQuotes = (text: string): string =>
  text
    .replace(/«[\u00A0\u202F]/g, '"')
    .replace(/[\u00A0\u202F]»/g, '"')
    .replace(/[“”„‟«»″＂〝〞〟❝❞]|``/g, '"')
    .replace(/[‘’‚‛‹›′＇`´ʼ❛❜]/g, "'");

/** Two apostrophes, as typewriters and TeX write a quote. */
const singleQuotes = (text: string): string => text.replace(/''/g, '"');

const singleSpaces = (text: string): string => text.replace(/[\s\u2800]+/g, " ").trim();

/**
 * Between digits a dash without spaces is a range (1990-1995), before a digit a minus. A dash between parts of a
 * sentence has a space on both sides, except next to a bracket or quote.
 */
const plainDashes = (text: string): string =>
  text
    .replace(/[\u2010\u2011]/g, "-")
    .replace(/(?<=\d)[–‒−](?=\d)|(?<=^| )−(?=\d)/g, "-")
    .replace(spacedDashes, " – ")
    .replace(/(?<=(?:^|[ ([])["']|[([]) – /g, "– ")
    .replace(/ – (?=[,.;:!?)\]…]|["'](?![\p{L}\p{N}]))/gu, " –")
    .trim();

/** Two hyphens or more, any longer dash, or a hyphen between spaces. */
const dash = /-{2,}|-?[–—―‒−⸺⸻]+-*|(?<=^| )-(?= |$)/.source;
const spacedDashes = new RegExp(` ?(?:${dash})(?: ?(?:${dash}))* ?`, "g");

const plainEllipses = (text: string): string =>
  text.replace(/ ?(?:[…‥⋯]|\.(?: ?\.){2,})(?: ?[.…‥⋯])*/g, "…").replace(/…(?=[\p{L}\p{N}])/gu, "… ");

// After an invisible sign is removed, a combining mark may follow another letter and a joiner may become unnecessary,
// so both steps run twice.
const steps = [
  visible,
  unfenced,
  composed,
  visible,
  composed,
  straightQuotes,
  unemphasised,
  singleQuotes,
  singleSpaces,
  plainDashes,
  plainEllipses,
];
