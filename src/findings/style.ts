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
header.top { padding-top: 3.5rem; }
.eyebrow { margin: 0 0 .5rem; font: 600 .8125rem/1.4 var(--sans); letter-spacing: .04em; color: var(--muted); }
h1 { margin: 0 0 1.75rem; font-size: 1.375rem; line-height: 1.3; font-weight: 400; font-style: italic; color: var(--muted); }
.headline { margin: 0 0 1rem; font-size: clamp(1.375rem, 1.1rem + 1.6vw, 1.875rem); line-height: 1.34; text-wrap: pretty; }
.deck { font-size: 1.125rem; }
.headline strong { font-weight: 700; }
.verdict-inconclusive strong { color: var(--warning); }
.verdict-different strong { color: var(--human); }
.verdict-indistinguishable strong, .verdict-equivalent strong { color: var(--machine); }
h2 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; font-weight: 700; text-wrap: balance; }
h3 { margin: 2rem 0 .5rem; font-size: 1.125rem; line-height: 1.3; }
section { margin: 4rem 0 0; padding-top: 1.5rem; border-top: 1px solid var(--rule); }
p { margin: 0 0 1rem; text-wrap: pretty; }
a { color: inherit; text-decoration-color: var(--muted); text-underline-offset: .15em; }
a:hover { text-decoration-color: currentColor; }
:focus-visible { outline: 2px solid var(--machine); outline-offset: 2px; border-radius: 2px; }
.mark { margin: 0 0 1.25rem; padding: .5rem .75rem; background: var(--warningWash); color: var(--ink); border-left: 3px solid var(--warning); font: .875rem/1.45 var(--sans); }
.mark + .mark { margin-top: -.75rem; }
.mark b, .tag { color: var(--warning); }
.tag { margin: -.5rem 0 1rem; font: 600 .8125rem/1.4 var(--sans); }
.warnings { margin: 0 0 2rem; padding: 1rem 1.25rem .25rem; background: var(--warningWash); border-left: 3px solid var(--warning); }
.warnings h2 { font-size: 1.0625rem; margin-bottom: .5rem; color: var(--warning); }
.behind { margin: 1.5rem 0 0; font: .875rem/1.5 var(--sans); color: var(--muted); }
.detail { color: var(--muted); font-size: .9375rem; }
figure { margin: 1.75rem 0 2rem; }
figcaption, .caption { font: .875rem/1.5 var(--sans); color: var(--muted); text-align: left; text-wrap: pretty; }
figure > figcaption { margin-bottom: .75rem; }
svg { display: block; width: 100%; height: auto; }
.phone { display: none; }
.table { overflow-x: auto; margin: .75rem 0 1.75rem; }
table { border-collapse: collapse; min-width: min(100%, 26rem); font: .875rem/1.45 var(--sans); font-variant-numeric: tabular-nums lining-nums; }
.caption { margin: 2rem 0 0; }
th, td { padding: .375rem 1.125rem .375rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
th:last-child, td:last-child { padding-right: 0; }
thead th { font-weight: 600; color: var(--muted); vertical-align: bottom; border-bottom-color: var(--muted); }
tbody th { font-weight: 600; }
tbody th.short { white-space: nowrap; }
td:not(.n) { min-width: 6.5rem; }
td.prose { min-width: 16rem; font: .9375rem/1.5 var(--serif); }
tr:has(td.prose) > th.short { white-space: normal; min-width: 7rem; }
mark { background: var(--markWash); color: inherit; border-radius: 2px; padding: 0 .1em; }
td.n, th.n { text-align: right; white-space: nowrap; }
thead th.n { white-space: normal; text-wrap: balance; }
tbody tr:last-child > * { border-bottom: 0; }
nav ol { margin: 0; padding: 0; list-style: none; font: .9375rem/1.5 var(--sans); columns: 2 16rem; column-gap: 2rem; }
nav li { margin: 0 0 .375rem; break-inside: avoid; }
nav { margin-top: 2.5rem; }
.story { margin: 0 0 2.25rem; break-inside: avoid; scroll-margin-top: 1rem; }
.story h3 { margin: 0 0 .125rem; }
.story:target { background: var(--wash); box-shadow: 0 0 0 .75rem var(--wash); }
.story .by { margin: 0 0 .5rem; font: .875rem/1.5 var(--sans); color: var(--muted); }
.story .by b.human { color: var(--human); }
.story .by b.machine { color: var(--machine); }
.story blockquote { margin: 0; padding-left: 1rem; border-left: 2px solid var(--rule); white-space: pre-line; }
.story.of-human blockquote { border-left-color: var(--human); }
.story.of-machine blockquote { border-left-color: var(--machine); }
.gauge { display: block; height: 4px; margin: 0 0 .75rem; background: var(--rule); border-radius: 2px; overflow: hidden; }
.gauge i { display: block; height: 100%; background: var(--muted); }
.reasons { margin: .75rem 0 0; padding-left: 1rem; font-size: .9375rem; color: var(--muted); }
code { font: .8125rem/1.5 ui-monospace, "Liberation Mono", monospace; overflow-wrap: anywhere; }
footer { margin-top: 4rem; padding-bottom: 4rem; font: .8125rem/1.5 var(--sans); color: var(--muted); }
.rows { margin: .5rem 0 1.75rem; }
td.ids { min-width: 9rem; } .id { white-space: nowrap; }
td.ids summary { font-size: inherit; }
summary { cursor: pointer; font: .875rem/1.5 var(--sans); color: var(--muted); }
@media screen and (min-width: 66rem) { .table { margin-right: -9rem; } }
@media (max-width: 34rem) {
  header.top { padding-top: 2rem; }
  section { margin-top: 3rem; }
  .page { display: none; } .phone { display: block; }
  table:has(td.prose), tbody:has(td.prose), tr:has(td.prose), tr:has(td.prose) > * { display: block; }
  table:has(td.prose) thead, tr:has(td.prose) > td.n { display: none; }
  tr:has(td.prose) > * { border-bottom: 0; padding-right: 0; }
  td.prose::before { content: attr(data-label); display: block; font: .8125rem/1.5 var(--sans); color: var(--muted); }
}
@media print {
  @page { margin: 18mm 20mm; }
  :root { color-scheme: light; --paper: #fff; }
  body { font-size: 10.5pt; line-height: 1.45; }
  main, header.top, footer { max-width: none; padding-left: 0; padding-right: 0; }
  header.top { padding-top: 0; }
  section { margin-top: 2rem; padding-top: 1rem; }
  .headline { font-size: 17pt; } h2 { font-size: 14pt; }
  .page { display: block; } .phone { display: none; }
  figure, tr, .mark, .story { break-inside: avoid; } h2, h3, .caption, figcaption { break-after: avoid; }
  details:not(.ids *)::details-content { content-visibility: visible; block-size: auto; } summary:not(.ids *) { display: none; }
  .ids details:not([open]) summary { list-style: none; }
  nav, .behind { display: none; } .table { overflow: visible; }
  figcaption, .caption, .mark { font-size: 8.5pt; } table { font-size: 8pt; } th, td { padding-right: .4rem; }
  svg { max-width: 150mm; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`.trim();
