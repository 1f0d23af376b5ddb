import { parseHTML } from "linkedom";

/** What is wrong with the body of a report for its readers; an empty list if nothing is. */
export function faultsOf(html: string): string[] {
  const { document } = parseHTML(html);
  const body = [...document.querySelectorAll("header.top, main > section:not(#appendix)")];
  return [
    ...body.flatMap(longSentences),
    ...body.flatMap(rawNames),
    ...repeatedNumbers(document),
    ...unnumbered(document),
  ];
}

const textOf = (element: Element): string => (element.textContent ?? "").replace(/\s+/g, " ").trim();

/** Sentences of more than 35 words in the prose of the body. Stories and tables are no prose of the report. */
function longSentences(part: Element): string[] {
  return [...part.querySelectorAll("p, li, figcaption")]
    .filter((each) => !each.closest(".example, table, .cite, .behind, nav"))
    .flatMap((each) => textOf(each).split(/(?<=[.!?]["”]?) (?=[“"A-Z])/))
    .filter((sentence) => wordsIn(sentence) > 35)
    .map((sentence) => `${wordsIn(sentence)} words: ${sentence}`);
}

const wordsIn = (sentence: string): number =>
  (sentence.match(/[\p{L}\p{N}][\p{L}\p{N}.,’'′-]*/gu) ?? []).length;

/** Ids, names of columns and settings, and commands in the prose of the body. */
function rawNames(part: Element): string[] {
  const prose = [...part.querySelectorAll("p, li, figcaption, th, td, dd")].filter(
    (each) => !each.closest(".example"),
  );
  const found = prose.flatMap((each) => [
    ...(textOf(each).match(/\b[a-z]+_[a-z0-9_]+\b|\b(?:analyse|survey|compose|generate)\.[a-z]\w+/g) ?? []),
    ...(textOf(each).match(/\b(?=[a-z0-9]*\d)(?=[a-z0-9]*[a-z])[a-z0-9]{12,26}\b/g) ?? []).filter(
      () => !each.matches(".cite"),
    ),
    ...[...each.querySelectorAll("code")].map(textOf),
  ]);
  return [...new Set(found)].map((name) => `raw name: ${name}`);
}

/** Numbers with decimals that an open table of a section repeats from a figure of the same section. */
function repeatedNumbers(document: Document): string[] {
  return [...document.querySelectorAll("header.top, main > section:not(#appendix), .chapter")].flatMap(
    (part) => {
      const figures = [...part.querySelectorAll("figure .page svg")].flatMap((svg) => numbersIn(textOf(svg)));
      const tables = [...part.querySelectorAll("table")].filter((table) => !table.closest("details.numbers"));
      const drawn = new Set(figures);
      return tables.flatMap((table) => {
        const numbers = [...table.querySelectorAll("td, th")].flatMap((cell) => numbersIn(textOf(cell)));
        const repeated = numbers.filter((number) => drawn.has(number));
        // A round number may be there twice by chance; a table that repeats a figure repeats most of it.
        return repeated.length > 2 && repeated.length > numbers.length / 3
          ? [`${table.id} repeats ${repeated.length} of ${numbers.length} numbers of a figure`]
          : [];
      });
    },
  );
}

const numbersIn = (text: string): string[] => text.match(/[−-]?\d+\.\d+/g) ?? [];

/** Figures and tables without a number and a caption. */
function unnumbered(document: Document): string[] {
  const figures = [...document.querySelectorAll("figure:not(.example)")].filter(
    (figure) => !/^Figure.A?\d+\. \S/.test(textOf(figure.querySelector("figcaption") ?? figure)),
  );
  const tables = [...document.querySelectorAll("table")].filter(
    (table) =>
      !table.closest("details.numbers, #provenance") &&
      !/^Table.A?\d+\. \S/.test(textOf(document.getElementById(`${table.id}-caption`) ?? table)),
  );
  return [...figures, ...tables].map((each) => `no number or caption: ${each.id}`);
}
