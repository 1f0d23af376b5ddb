// Draws tables of 78 answers with fair coins, and keeps the first that matches all published numbers.
// node examples/study-2022/reconstruct.mjs > examples/study-2022/judgments.csv

import { createHash } from "node:crypto";

const seed = "2022";
const forms = [
  { form: 2, participants: 4, points: 11 },
  { form: 3, participants: 1, points: 5 },
  { form: 4, participants: 8, points: 23 },
];
const right = { human: 21, machine: 18 };

let table;
for (let attempt = 0; !table; attempt++) {
  const drawn = answers(randomFrom(`${seed} ${attempt}`));
  if (agrees(drawn)) table = drawn;
}
const columns = ["participant", "stimulus", "origin", "response", "form", "order"];
console.log([columns, ...table.map((row) => columns.map((column) => row[column]))].map(String).join("\n"));

function answers(random) {
  let people = 0;
  return forms.flatMap(({ form, participants }) =>
    Array.from({ length: participants }, () => {
      const participant = `p${String(++people).padStart(2, "0")}`;
      const stories = ["human", "machine"].flatMap((origin) =>
        [1, 2, 3].map((number) => ({ participant, stimulus: `form-${form}-${origin}-${number}`, origin, form })),
      );
      return shuffled(stories, random).map((story, index) => ({
        ...story,
        response: random() < 0.5 ? "human" : "machine",
        order: index + 1,
      }));
    }).flat(),
  );
}

function agrees(rows) {
  const points = (of) => rows.filter((row) => of(row) && row.response === row.origin).length;
  return (
    forms.every(({ form, points: published }) => points((row) => row.form === form) === published) &&
    Object.entries(right).every(([origin, published]) => points((row) => row.origin === origin) === published)
  );
}

/** Numbers in [0, 1) from the SHA-256 of the seed and a counter: the same on every machine. */
function randomFrom(name) {
  let drawn = 0;
  return () => createHash("sha256").update(`${name} ${drawn++}`).digest().readUInt32BE() / 2 ** 32;
}

function shuffled(items, random) {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
