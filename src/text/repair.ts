/** Kinds of damage by other programs, with the names used in messages. */
export type Fault = "broken encoding" | "escapes" | "tags" | "entities";

export interface Repaired {
  readonly text: string;
  /** What was repaired, with the first example from the text; empty if nothing was. */
  readonly faults: ReadonlyMap<Fault, string>;
}

/**
 * Repairs damage by other programs: UTF-8 that was read as another encoding (`didnâ€™t`), line breaks and quotes as
 * escapes (`\n` as two characters), tags of HTML, and entities (`&mdash;`, also doubled: `&amp;mdash;`). Other texts
 * are returned unchanged. `only` limits the kinds of repair; default: all.
 */
export function repairText(given: string, only: readonly Fault[] = allFaults): Repaired {
  const faults = new Map<Fault, string>();
  let text = given;
  for (let round = 0; round < 3; round++) {
    const before = text;
    for (const [fault, repair] of repairs) {
      if (!only.includes(fault)) continue;
      text = repair(text, (piece) => {
        if (!faults.has(fault)) faults.set(fault, piece);
      });
    }
    if (text === before) break;
  }
  return { text, faults };
}

type Repair = (text: string, found: (piece: string) => void) => string;

const repairs: readonly (readonly [Fault, Repair])[] = [
  ["broken encoding", decodedAgain],
  ["escapes", withoutEscapes],
  ["tags", withoutTags],
  ["entities", withoutEntities],
];

const allFaults: readonly Fault[] = repairs.map(([fault]) => fault);

/** The characters of Windows-1252 at 0x80 to 0x9F; unassigned ones as in Latin-1. */
const windows1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ";

/** Punctuation in UTF-8 that was read as Mac Roman. */
const macRoman: Readonly<Record<string, string>> = {
  "‚Äò": "‘",
  "‚Äô": "’",
  "‚Äú": "“",
  "‚Äù": "”",
  "‚Äì": "–",
  "‚Äî": "—",
  "‚Ä¶": "…",
  "√©": "é",
  "√®": "è",
  "√†": "à",
  "√±": "ñ",
  "√º": "ü",
  "√∂": "ö",
};

/** A lead byte of UTF-8 and what follows it, each as the character that Windows-1252 or Latin-1 shows for it. */
const misread = new RegExp(`[\\u00C2-\\u00F4][\\u0080-\\u00BF${windows1252}]{1,3}`, "g");

function decodedAgain(text: string, found: (piece: string) => void): string {
  const replaced = (piece: string, right: string) => {
    found(piece);
    return right;
  };
  return (
    text
      .replace(misread, (piece) => {
        const whole = wholeCharacter(piece);
        return whole ? replaced(whole.piece, whole.right) + piece.slice(whole.piece.length) : piece;
      })
      // The third byte of a closing quote is unassigned in Windows-1252, and many programs drop it.
      .replace(/â[€\u0080](?=[\s.,;:!?)]|$)/g, (piece) => replaced(piece, "”"))
      .replace(/‚Ä[òôúùìî¶]|√[©®†±º∂]/g, (piece) => replaced(piece, macRoman[piece]!))
  );
}

/** The UTF-8 character of the first bytes of a misread piece, and the part of the piece that it uses. */
function wholeCharacter(piece: string): { readonly piece: string; readonly right: string } | undefined {
  const lead = piece.charCodeAt(0);
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (piece.length < length) return undefined;
  const bytes = [...piece.slice(0, length)].map((character) => {
    const at = windows1252.indexOf(character);
    return at < 0 ? character.charCodeAt(0) : 0x80 + at;
  });
  try {
    const right = new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes));
    return { piece: piece.slice(0, length), right };
  } catch {
    return undefined;
  }
}

/** A text with a path of Windows (`C:\new`) keeps its backslashes. */
function withoutEscapes(text: string, found: (piece: string) => void): string {
  if (/[A-Za-z]:\\\w/.test(text)) return text;
  return text.replace(/\\(?:r\\n|[nrt"']|u([0-9a-fA-F]{4}))/g, (piece, code: string | undefined) => {
    found(piece);
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    return piece === "\\t" ? " " : /\\[nr]/.test(piece) ? "\n" : piece.slice(1);
  });
}

const inline = "a|abbr|b|big|cite|code|em|font|i|ins|mark|q|s|small|span|strike|strong|sub|sup|tt|u";
const blocks = "article|blockquote|br|center|dd|div|dl|dt|figcaption|figure|h[1-6]|hr|li|ol|p|pre|section|ul";
const tag = new RegExp(`</?(?:(${blocks})|${inline})(?:\\s[^<>]{0,500})?/?>|<!--[^<>]{0,500}-->`, "gi");

/** Removes only HTML's own elements; `<3` and `<sigh>` may be a person's text. A block element ends a line. */
function withoutTags(text: string, found: (piece: string) => void): string {
  return text.replace(tag, (piece, block: string | undefined) => {
    found(piece);
    return block === undefined ? "" : "\n";
  });
}

const named: Readonly<Record<string, string>> = {
  ...{
    amp: "&",
    lt: "<",
    gt: ">",
    quot: '"',
    apos: "'",
    nbsp: " ",
    shy: "",
    ensp: " ",
    emsp: " ",
    thinsp: " ",
  },
  ...{ lsquo: "‘", rsquo: "’", sbquo: "‚", ldquo: "“", rdquo: "”", bdquo: "„", laquo: "«", raquo: "»" },
  ...{ ndash: "–", mdash: "—", hellip: "…", bull: "•", middot: "·", prime: "′", Prime: "″", times: "×" },
  ...{ frac12: "½", frac14: "¼", frac34: "¾", deg: "°", copy: "©", reg: "®", trade: "™", euro: "€" },
  ...{ pound: "£", cent: "¢", yen: "¥", sect: "§", para: "¶", iexcl: "¡", iquest: "¿", hearts: "♥" },
  ...{ szlig: "ß", aelig: "æ", AElig: "Æ", oelig: "œ", OElig: "Œ", oslash: "ø", Oslash: "Ø", eth: "ð" },
  ...{ thorn: "þ", lsaquo: "‹", rsaquo: "›", zwj: "\u200D", zwnj: "\u200C", ordm: "º", ordf: "ª" },
};

/** The accents that names of letters end in: `eacute`, `Uuml`. */
const accents: Readonly<Record<string, string>> = {
  grave: "\u0300",
  acute: "\u0301",
  circ: "\u0302",
  tilde: "\u0303",
  uml: "\u0308",
  ring: "\u030A",
  cedil: "\u0327",
  caron: "\u030C",
};

function withoutEntities(text: string, found: (piece: string) => void): string {
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{1,8}));/g,
    (piece, decimal, hex, name) => {
      const right = name === undefined ? numbered(decimal, hex) : characterNamed(name);
      if (right === undefined) return piece;
      found(piece);
      return right;
    },
  );
}

/** Numbers 128 to 159 mean Windows-1252, as browsers read them. */
function numbered(decimal: string | undefined, hex: string | undefined): string | undefined {
  const code = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal);
  if (code >= 0x80 && code <= 0x9f) return windows1252[code - 0x80];
  const printable = code === 9 || code === 10 || code === 13 || code >= 32;
  const character = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return printable && character ? String.fromCodePoint(code) : undefined;
}

function characterNamed(name: string): string | undefined {
  if (Object.hasOwn(named, name)) return named[name];
  const [, letter, accent] = /^([A-Za-z])([a-z]+)$/.exec(name) ?? [];
  return letter !== undefined && accent !== undefined && Object.hasOwn(accents, accent)
    ? `${letter}${accents[accent]}`.normalize("NFC")
    : undefined;
}
