import { cssVariables } from "./palette.ts";

/** The style sheet of a report: one column of text, with light, dark and print styles. */
export const style = `
:root { color-scheme: light dark; ${cssVariables("light")}
  --serif: "Iowan Old Style", "Palatino Linotype", "URW Palladio L", P052, Palatino, Georgia, serif;
  --sans: "Inter", "Helvetica Neue", "Liberation Sans", Arial, system-ui, sans-serif; }
@media screen and (prefers-color-scheme: dark) { :root { ${cssVariables("dark")} } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.6 var(--serif); hanging-punctuation: first last; }
main, header.top, footer { max-width: 46rem; margin: 0 auto; padding: 0 1.25rem; }
header.top { padding-top: 1.75rem; }
.eyebrow { margin: 0 0 .25rem; font: 600 .8125rem/1.4 var(--sans); color: var(--muted); }
h1 { margin: 0 0 .75rem; font-size: 1.125rem; line-height: 1.3; font-weight: 400; font-style: italic; color: var(--muted); }
.headline { margin: 0 0 .75rem; font-size: clamp(1.25rem, 1.05rem + 1.3vw, 1.625rem); line-height: 1.3; text-wrap: pretty; }
.headline strong { font-weight: 700; }
.verdict-inconclusive strong { color: var(--warning); }
.verdict-different strong { color: var(--human); }
.verdict-equivalent strong { color: var(--machine); }
h2 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; font-weight: 700; text-wrap: balance; }
h3 { margin: 0; font-size: 1.0625rem; line-height: 1.3; }
h4 { margin: 1.5rem 0 .5rem; font-size: 1rem; line-height: 1.3; }
section { margin: 3rem 0 0; padding-top: 1.25rem; border-top: 1px solid var(--rule); }
p { margin: 0 0 1rem; text-wrap: pretty; }
a { color: inherit; text-decoration-color: var(--muted); text-underline-offset: .15em; }
a:hover { text-decoration-color: currentColor; }
:focus-visible { outline: 2px solid var(--machine); outline-offset: 2px; border-radius: 2px; }
:target { scroll-margin-top: 1rem; }
.plain { margin: 1.25rem 0; padding: 1rem 1.25rem .125rem; background: var(--wash); border-radius: 4px; }
.plain h2 { margin: 0 0 .375rem; font: 600 .875rem/1.4 var(--sans); color: var(--muted); }
.plain p { margin: 0 0 .75rem; }
.warnings { margin: 0 0 1.25rem; padding: .625rem 1rem .625rem 2rem; background: var(--warningWash); border-left: 3px solid var(--warning); font: .9375rem/1.45 var(--sans); }
.warnings li { margin: .125rem 0; } .warnings li::marker { color: var(--warning); }
.warned { padding-left: .75rem; border-left: 3px solid var(--warning); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); gap: .375rem 1.5rem; margin: 0 0 1.25rem; font: .9375rem/1.45 var(--sans); }
.facts div { display: flex; gap: .5rem; } .facts dt { flex: 0 0 6.5rem; color: var(--muted); } .facts dd { margin: 0; }
.mark { margin: 0 0 .5rem; color: var(--muted); font: .9375rem/1.45 var(--sans); }
.mark b, .tag { color: var(--warning); }
.tag { margin: -.5rem 0 .75rem; font: 600 .8125rem/1.4 var(--sans); }
.cite { margin: .75rem 0 0; font: .9375rem/1.45 var(--sans); color: var(--muted); overflow-wrap: anywhere; }
.behind { margin: 1.25rem 0 0; font: .9375rem/1.5 var(--sans); color: var(--muted); }
.detail { color: var(--muted); font-size: 1rem; }
figure { margin: 1.25rem 0 1.5rem; }
figcaption, .caption { font: .9375rem/1.45 var(--sans); color: var(--muted); text-align: left; text-wrap: pretty; }
figcaption { margin-top: .375rem; } figcaption b, .caption b { color: var(--ink); }
.files { white-space: nowrap; font-size: .8125rem; }
.numbers summary { margin-top: .25rem; }
svg { display: block; width: 100%; height: auto; }
.phone { display: none; }
.table { overflow-x: auto; margin: .5rem 0 1.5rem;
  background: linear-gradient(to right, var(--paper) 40%, transparent) left / 2.5rem 100% no-repeat local, linear-gradient(to left, var(--paper) 40%, transparent) right / 2.5rem 100% no-repeat local,
  linear-gradient(to right, var(--rule), transparent) left / .875rem 100% no-repeat scroll, linear-gradient(to left, var(--rule), transparent) right / .875rem 100% no-repeat scroll; }
table { border-collapse: collapse; min-width: min(100%, 26rem); font: .9375rem/1.4 var(--sans); font-variant-numeric: tabular-nums lining-nums; }
.caption { margin: 1.5rem 0 0; }
th, td { padding: .3125rem 1.125rem .3125rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
th:last-child, td:last-child { padding-right: 0; }
thead th { font-weight: 600; color: var(--muted); vertical-align: bottom; border-bottom-color: var(--muted); }
tbody th { font-weight: 600; }
tbody th.short { white-space: nowrap; }
td.long { min-width: 13rem; } td.short { white-space: nowrap; } tbody th:not(.short) { min-width: 9rem; }
td.prose { min-width: 16rem; font: .9375rem/1.5 var(--serif); }
tr:has(td.prose) > th.short { white-space: normal; min-width: 7rem; }
mark { background: var(--markWash); color: inherit; border-radius: 2px; padding: 0 .1em; }
td.n, th.n { text-align: right; white-space: nowrap; }
thead th.n { white-space: normal; text-wrap: balance; }
tbody tr:last-child > * { border-bottom: 0; }
.term { border-bottom: 1px dotted var(--muted); cursor: help; position: relative; }
.term:hover::after, .term:focus::after { content: attr(data-means); position: absolute; z-index: 2; left: 0; top: 1.5em; width: max-content; max-width: min(20rem, 70vw); padding: .5rem .75rem; background: var(--ink); color: var(--paper); border-radius: 4px; font: 400 .8125rem/1.4 var(--sans); white-space: normal; text-align: left; }
.table .term:hover::after, .table .term:focus::after { position: fixed; left: 1.25rem; right: 1.25rem; bottom: 1.25rem; top: auto; width: auto; max-width: 40rem; margin: 0 auto; }
nav ol { display: flex; flex-wrap: wrap; gap: .125rem 1.125rem; margin: 0; padding: .625rem 0; border: solid var(--rule); border-width: 1px 0; list-style: none; font: .9375rem/1.5 var(--sans); }
.examples { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5rem; margin: 1.5rem 0 0; }
.example { margin: 0; } .example figcaption { margin: 0 0 .375rem; }
.example blockquote { font-size: .9375rem; line-height: 1.5; }
blockquote { margin: 0; padding-left: .875rem; border-left: 2px solid var(--rule); white-space: pre-line; }
b.human { color: var(--human); } b.machine { color: var(--machine); }
.of-human blockquote { border-left-color: var(--human); } .of-machine blockquote { border-left-color: var(--machine); }
.chapter { border-bottom: 1px solid var(--rule); padding: .125rem 0; }
.chapter > summary { padding: .5rem 0; color: var(--ink); } .chapter > summary h3 { display: inline; }
.chapter[open] { padding-bottom: 1.5rem; } .chapter[open] > summary { margin-bottom: .5rem; }
.chapter > .tag { margin-top: 0; }
.reader { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: center; margin: 0 0 1rem; font: .9375rem/1.5 var(--sans); }
.reader[hidden], .story[hidden] { display: none; }
.reader select { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--muted); border-radius: 4px; padding: .125rem .25rem; max-width: 12rem; }
.story { border-bottom: 1px solid var(--rule); } .story h4 { display: inline; margin: 0; font-family: var(--serif); color: var(--ink); }
.story summary { padding: .5rem 0; } .story details[open] { padding-bottom: 1rem; }
.story:target { background: var(--wash); box-shadow: 0 0 0 .5rem var(--wash); }
.by { color: var(--muted); }
.reasons { margin: .75rem 0 0; padding-left: 1rem; font-size: .9375rem; color: var(--muted); }
code { font: .8125em/1.5 ui-monospace, "Liberation Mono", monospace; overflow-wrap: anywhere; }
footer { margin-top: 3rem; padding-bottom: 3rem; font: .8125rem/1.5 var(--sans); color: var(--muted); }
.rows { margin: .5rem 0 1.5rem; }
td.ids { min-width: 12rem; }
td.ids summary { font-size: inherit; }
summary { cursor: pointer; font: .9375rem/1.5 var(--sans); color: var(--muted); }
@media screen and (min-width: 66rem) { .table { margin-right: -9rem; width: fit-content; max-width: calc(100% + 9rem); } }
@media (max-width: 34rem) {
  header.top { padding-top: 1rem; }
  section { margin-top: 2.5rem; }
  .page { display: none; } .phone { display: block; }
  .examples { grid-template-columns: 1fr; }
  table:has(td.prose), tbody:has(td.prose), tr:has(td.prose), tr:has(td.prose) > * { display: block; }
  table:has(td.prose) thead, tr:has(td.prose) > td.n { display: none; }
  tr:has(td.prose) > * { border-bottom: 0; padding-right: 0; }
  td.prose::before { content: attr(data-label); display: block; font: .8125rem/1.5 var(--sans); color: var(--muted); }
}
@media print {
  @page { margin: 18mm; }
  :root { color-scheme: light; --paper: #fff; }
  body { font-size: 10pt; line-height: 1.4; }
  main, header.top, footer { max-width: none; padding-left: 0; padding-right: 0; }
  header.top { padding-top: 0; }
  p, p.detail, .plain p { margin-bottom: .5rem; font-size: 10pt; }
  section { margin-top: 1.25rem; padding-top: .75rem; }
  #appendix { break-before: page; border: 0; margin: 0; padding: 0; }
  .eyebrow, .tag, .files { font-size: 10pt; } h1 { font-size: 12pt; } p.headline { font-size: 16pt; } h2 { font-size: 13pt; margin-bottom: .375rem; } h3, h4 { font-size: 10.5pt; }
  .page { display: block; } .phone { display: none; }
  .examples { grid-template-columns: 1fr 1fr; }
  figure { margin: .5rem 0 .75rem; }
  figure, tr, .mark, .example, .plain { break-inside: avoid; } h2, h3, h4, .caption, .tag { break-after: avoid; }
  .facts { gap: .125rem 1.5rem; margin-bottom: .5rem; } h1 { margin-bottom: .25rem; } .plain p { margin-bottom: .25rem; } section:not(#appendix) .table { break-inside: avoid; }
  nav, .behind, .files, .reader, .numbers:not([open]), .rows:not([open]) { display: none; } .table { overflow: visible; background: none; margin: .25rem 0 .75rem; }
  figcaption, p.caption, p.mark, .facts, .warnings, .cite, .example blockquote, blockquote, summary { font-size: 10pt; line-height: 1.35; } .caption { margin-top: .75rem; } p.caption { margin-bottom: 0; }
  .plain { margin: .5rem 0; padding: .5rem .75rem .125rem; } .warnings { margin-bottom: .5rem; padding-top: .25rem; padding-bottom: .25rem; }
  table { font-size: 10pt; line-height: 1.3; } th, td { padding: .125rem .5rem .125rem 0; } td.long, tbody th:not(.short) { min-width: 0; } tbody th.short { white-space: normal; }
  #appendix table { font-size: 8.5pt; }
  .term { border-bottom: 0; } a { text-decoration: none; }
  summary { list-style: none; } .ids details:not([open]) summary { display: inline; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`.trim();
