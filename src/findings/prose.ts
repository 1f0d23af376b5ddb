import { escapeRegExp } from "../text/escape-regexp.ts";
import { type Html, html } from "../text/html.ts";
import { type Names, statistics } from "./names.ts";

/** Sentences as markup: code between backticks, spaces that do not break, and definitions of terms. */
export class Prose {
  readonly #terms: ReadonlyMap<string, string>;
  readonly #pattern: RegExp;
  readonly #seen = new Set<string>();

  constructor({ terms }: Names) {
    this.#terms = new Map([...statistics, ...terms]);
    const names = [...statistics.keys(), ...[...terms.keys()].map((name) => `“${name}”`)];
    const longestFirst = names.sort((one, other) => other.length - one.length).map(escapeRegExp);
    this.#pattern = new RegExp(`(?<![\\p{L}\\p{N}])(${longestFirst.join("|")})(?![\\p{L}\\p{N}])`, "gu");
  }

  /** A new section, in which every term is explained at its first use. */
  begin(): void {
    this.#seen.clear();
  }

  /** A sentence with its terms explained. */
  of(text: string): Html[] {
    return text
      .split("`")
      .map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${this.#explained(part)}`));
  }

  /** A sentence without explanations. */
  plain(text: string): Html[] {
    return text
      .split("`")
      .map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${unbroken(part)}`));
  }

  /** A term with its definition on hover and focus; the text itself if it is not a term. */
  term(text: string): Html {
    const means = this.#terms.get(text.replace(/[“”]/g, ""));
    if (means === undefined) return html`${unbroken(text)}`;
    return html`<span class="term" tabindex="0" role="note" aria-label="${text}: ${means}" data-means="${means}">${text}</span>`;
  }

  #explained(text: string): Html[] {
    return text.split(this.#pattern).map((part, at) => {
      if (at % 2 === 0) return html`${unbroken(part)}`;
      if (this.#seen.has(part)) return html`${part}`;
      this.#seen.add(part);
      return this.term(part);
    });
  }
}

/** The text with no-break spaces between numbers and units, and around the signs of statistics. */
export const unbroken = (text: string): string =>
  text
    .replace(/(\d) (?=%|s\b)/g, "$1\u00a0")
    .replace(/([<>]) (?=[\d.])/g, "$1\u00a0")
    .replace(/(?<=[\p{L}′)]) ([=<>≤]) ?(?=[\d.−-])/gu, "\u00a0$1\u00a0")
    .replace(/\b(Table|Figure) (?=A?\d)/g, "$1\u00a0");
