import { type Html, html, trusted } from "../text/html.ts";
import { unbroken } from "./prose.ts";
import { judgedText, type ReportStory } from "./stories.ts";

/** All stories with their judgments and reasons. A script in the page sorts and filters them; without it all are shown. */
export function storyReader(stories: readonly ReportStory[], files: boolean): Html {
  const judged = stories.some(({ judgments }) => judgments > 0);
  const said = judged
    ? `The stories with the fewest right answers come first. Texts are as shown.${files ? " tables/judgments.csv has all analysed judgments; check.R recomputes the main figures from it." : ""}`
    : "Texts are as they will be shown.";
  return html`
  <p class="detail">${said}</p>
  ${controls(stories, judged)}
  <div id="story-list">${stories.map(card)}</div>
  ${trusted(`<script>${script}</script>`)}`;
}

function controls(stories: readonly ReportStory[], judged: boolean): Html {
  const writers = [...new Set(stories.map(({ by }) => by))].sort();
  const variables = [...new Set(stories.flatMap(({ codes }) => Object.keys(codes)))];
  const withReasons = stories.some(({ reasons }) => reasons.length > 0);
  return html`
  <form class="reader" hidden>
    <label>Written by <select name="by"><option value="">anybody</option>${writers.map((by) => html`<option>${by}</option>`)}</select></label>
    ${variables.map((variable) => {
      const codes = [...new Set(stories.flatMap((story) => story.codes[variable] ?? []))].sort();
      return html`<label>${variable} <select name="code" data-variable="${variable}"><option value="">any</option>${codes.map((code) => html`<option>${code}</option>`)}</select></label>`;
    })}
    <label>Sort by <select name="sort">
      ${judged && html`<option value="right">accuracy</option><option value="human">judged human</option>`}
      ${withReasons && html`<option value="reasons">number of reasons</option>`}
      <option value="title">title</option></select></label>
    <label><input type="checkbox" name="falling"> highest first</label>
    ${withReasons && html`<label><input type="checkbox" name="reasoned"> with reasons only</label>`}
    <output></output>
  </form>`;
}

function card(story: ReportStory): Html {
  const { id, title, text, origin, by, judgments, saidHuman, right, reasons, codes } = story;
  const share = judgments > 0 ? right / judgments : undefined;
  const human = judgments > 0 ? saidHuman / judgments : undefined;
  return html`
  <article class="story of-${origin}" id="story-${id}" data-by="${by}" data-title="${title}" data-right="${share?.toFixed(4) ?? ""}" data-human="${human?.toFixed(4) ?? ""}" data-reasons="${reasons.length}" data-codes="${JSON.stringify(codes)}">
  <details><summary><h4>${title}</h4> <span class="by">by <b class="${origin}">${by}</b>; ${unbroken(judgedText(story))}${Object.values(codes).map((code) => `; ${code}`)}</span></summary>
    <blockquote>${text}</blockquote>
    ${
      reasons.length > 0 &&
      html`<ul class="reasons" aria-label="Readers’ reasons">${reasons.map(
        ({ answer, reason }) => html`<li>said “${answer}”: ${reason}</li>`,
      )}</ul>`
    }
  </details></article>`;
}

/** Sorts and filters the cards by the data in their attributes. */
const script = `
(function () {
  var form = document.querySelector("form.reader"), list = document.getElementById("story-list");
  var cards = [].slice.call(list.children);
  form.hidden = false;
  function update() {
    var by = form.by.value, key = form.sort.value, turn = form.falling.checked ? -1 : 1, shown = 0;
    var codes = [].slice.call(form.querySelectorAll("[name=code]"));
    var value = function (card) {
      if (key === "title") return card.dataset.title.toLowerCase();
      return card.dataset[key] === "" ? 2 * turn : Number(card.dataset[key]);
    };
    cards.sort(function (one, other) {
      return value(one) < value(other) ? -turn : value(one) > value(other) ? turn : 0;
    }).forEach(function (card) {
      var own = JSON.parse(card.dataset.codes);
      card.hidden = (by !== "" && card.dataset.by !== by) ||
        (form.reasoned && form.reasoned.checked && card.dataset.reasons === "0") ||
        codes.some(function (each) { return each.value !== "" && own[each.dataset.variable] !== each.value; });
      if (!card.hidden) shown++;
      list.appendChild(card);
    });
    form.querySelector("output").textContent = shown + " of " + cards.length;
  }
  form.addEventListener("change", update);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  update();
})();
`.trim();
