import { expect, test } from "vitest";
import { randomFrom } from "../../src/stats/random.ts";
import { normaliseText } from "../../src/text/normalise.ts";

test("a person's typography and a model's give the same text", () => {
  const person = "“Don’t,” she said — and left…\n\nI couldn’t.";
  const model = "\"Don't,\" she said -- and left... I couldn't. ";
  expect(normaliseText(person)).toBe("\"Don't,\" she said – and left… I couldn't.");
  expect(normaliseText(model)).toBe(normaliseText(person));
});

test("every kind of dash gives the same dash", () => {
  for (const dash of ["—", " — ", "–", " – ", "--", " -- ", "---", " - ", " — — ", "\u00A0—\u00A0", "―"]) {
    expect(normaliseText(`love${dash}and`)).toBe("love – and");
  }
});

test("a dash has no space next to a quote or bracket", () => {
  expect(normaliseText("“But I—” she began.")).toBe('"But I –" she began.');
  expect(normaliseText("“—and then”")).toBe('"– and then"');
  expect(normaliseText("“Yes”—she left")).toBe('"Yes" – she left');
  expect(normaliseText("he said—“Yes”")).toBe('he said – "Yes"');
  expect(normaliseText("— Hello")).toBe("– Hello");
});

test("hyphens, ranges of years and minus signs are not dashes", () => {
  expect(normaliseText("well-known, two- and three-fold, 1990–1995, at −5, e‑mail")).toBe(
    "well-known, two- and three-fold, 1990-1995, at -5, e-mail",
  );
});

test("every kind of ellipsis gives the same ellipsis", () => {
  for (const dots of ["…", "...", " . . . ", "....", " …", "… ", "......", "…."]) {
    expect(normaliseText(`wait${dots}what`)).toBe("wait… what");
  }
  expect(normaliseText("“…and then”")).toBe('"… and then"');
});

test("paragraphs, odd spaces and trailing space become single spaces", () => {
  expect(normaliseText("\uFEFF one\u00A0two\r\n\r\n\tthree\u2009\u3000four\u2028five \n")).toBe(
    "one two three four five",
  );
});

test("Markdown emphasis is removed, other asterisks and underscores are kept", () => {
  expect(normaliseText("**So** _very_ *loved*. *** __Yes__")).toBe("So very loved. Yes");
  expect(normaliseText("f*ck and snake_case")).toBe("f*ck and snake_case");
});

test("control characters, zero-width characters, bidi overrides and lone surrogates are removed", () => {
  expect(normaliseText("a\u0000b\u200Bc\u202Ed\u2066e\u00ADf\uD800g\u0007h\u2060i")).toBe("abcdefghi");
});

test("a message hidden in tag characters is removed, the flag of Wales is kept", () => {
  expect(normaliseText("hi\u{E0068}\u{E0069} there")).toBe("hi there");
  expect(normaliseText("🏴󠁧󠁢󠁷󠁬󠁳󠁿")).toBe("🏴󠁧󠁢󠁷󠁬󠁳󠁿");
});

test("emoji with joiners and skin tones, accents and letters of every script are kept", () => {
  for (const text of [
    "👩‍❤️‍👨 👨🏽‍👩🏻‍👧 🏳️‍🌈 ❤️ 1️⃣ 👋🏾",
    "Zoë, Łukasz, Nguyễn Thị Ánh, São Paulo",
    "אמא אהבה",
    "حبيبتي می‌خواهم",
    "क्‍ष ശ്രീ‌ ක්‍ෂ".replace("\u200C ", " "),
    "愛してる。사랑해",
  ]) {
    expect(normaliseText(text)).toBe(text.normalize("NFC"));
  }
  expect(normaliseText("cafe\u0301")).toBe("café");
});

test("normalising twice is the same as once, for any text", () => {
  const signs = [
    ..."ab1 .…-–—−'\"“”‘’«»``*_()[],!?\n\t\u00A0\u200B\u200C\u200D\uFE0F\u0301\u202E\uD800\u2019",
    ...[
      "❤",
      "👩",
      "🏽",
      "🏴",
      "\u{E0067}",
      "\u{E007F}",
      "ک",
      "क",
      "्",
      "ﬁ",
      "--",
      "...",
      "\u115F",
      "\u1161",
      "K",
      "\u0338",
      "=",
      "\u3164",
      "#",
      "\u2010",
      ...["½", "⅒", "⁄", "3", "\\", "`", "```", "''", "‥", "⋯", "ˢᵗ", "ᵗʰ", "Ａ", "１", "~"],
    ],
  ];
  const random = randomFrom("normalise");
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: random.integer(0, 14) }, () => random.pick(signs)).join("");
    const form = normaliseText(text);
    expect({ text, form: normaliseText(form) }).toEqual({ text, form });
  }
});

test.each([
  ["½ a cup", "1/2 a cup"],
  ["3½ years", "3 1/2 years"],
  ["1½–2 hours", "1 1/2-2 hours"],
  ["1⁄2 a cup", "1/2 a cup"],
  ["the 4ᵗʰ of July", "the 4th of July"],
  ["Ｒｏｏｍ １２", "Room 12"],
  ["he typed `hello` and waited", "he typed 'hello' and waited"],
  ["``Hello,'' she said", '"Hello," she said'],
  ["''Hello,'' she said", '"Hello," she said'],
  ["```\nOnce.\n```", "Once."],
  ["\\*sigh\\* and snake\\_case", "sigh and snake_case"],
  ["wait‥ what⋯", "wait… what…"],
])("differences between typeset and typed text are removed: %s", (text, form) => {
  expect(normaliseText(text)).toBe(form);
});

test("a random text with curly and with straight quotes gives the same result", () => {
  const pieces = [
    ["“", '"'],
    ["”", '"'],
    ["’", "'"],
    ["‘", "'"],
    ["—", "--"],
    [" — ", " - "],
    ["…", "..."],
    ["\n\n", " "],
    ["\u00A0", " "],
    ["word", "word"],
    ["it’s", "it's"],
    [", ", ", "],
    [" ", " "],
    ["7", "7"],
    [" ½ ", " 1/2 "],
    ["’’", "''"],
  ] as const;
  const random = randomFrom("twins");
  for (let round = 0; round < 5_000; round++) {
    const drawn = Array.from({ length: random.integer(1, 12) }, () => random.pick(pieces));
    const [curly, straight] = [0, 1].map((side) => drawn.map((piece) => piece[side]).join(""));
    expect({ curly, form: normaliseText(curly!) }).toEqual({ curly, form: normaliseText(straight!) });
  }
});

test("empty text, only signs and ten million letters on one line do not fail", () => {
  expect(normaliseText("")).toBe("");
  expect(normaliseText(" \u200B\n")).toBe("");
  expect(normaliseText("...!?")).toBe("…!?");
  const long = "love ".repeat(2_000_000);
  expect(normaliseText(long)).toHaveLength(long.length - 1);
  for (const run of [" ", "-", "- ", ".", ". ", "*", "_", "'", "\u200D", "“ ", "🏴"]) {
    expect(normaliseText(run.repeat(300_000)).length).toBeLessThanOrEqual(run.length * 300_000);
  }
});
