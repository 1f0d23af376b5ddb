import { stemmer } from "stemmer";
import { expect, test } from "vitest";

/** The examples of Porter's paper (1980), after all steps, as in his sample vocabulary. */
const paper = `
  caresses caress, ponies poni, ties ti, caress caress, cats cat, feed feed, agreed agre, plastered plaster, bled bled,
  motoring motor, sing sing, conflated conflat, troubled troubl, sized size, hopping hop, tanned tan, falling fall,
  hissing hiss, fizzed fizz, failing fail, filing file, happy happi, sky sky, relational relat, conditional condit,
  rational ration, valency valenc, hesitancy hesit, digitizer digit, conformably conform, radically radic,
  differently differ, vilely vile, analogously analog, vietnamization vietnam, predication predic, operator oper,
  feudalism feudal, decisiveness decis, hopefulness hope, callousness callous, formality formal,
  sensitivity sensit, sensibility sensibl, triplicate triplic, formative form, formalize formal, electricity electr,
  electrical electr, hopeful hope, goodness good, revival reviv, allowance allow, inference infer, airliner airlin,
  gyroscopic gyroscop, adjustable adjust, defensible defens, irritant irrit, replacement replac, adjustment adjust,
  dependent depend, adoption adopt, communism commun, activate activ, angularity angular, homologous homolog,
  effective effect, bowdlerize bowdler, probate probat, rate rate, cease ceas, controlling control, roll roll,
  generalizations gener, oscillators oscil`;

test("the examples of Porter's paper have the published stems", () => {
  const pairs = paper.split(",").map((pair) => pair.trim().split(" "));
  expect(pairs.map(([word]) => stemmer(word!))).toEqual(pairs.map(([, root]) => root));
});

test("different forms of a word have the same stem", () => {
  for (const forms of [
    "loved loves loving love",
    "waited waiting waits",
    "promises promised promise",
    "letters letter",
  ]) {
    expect(new Set(forms.split(" ").map(stemmer)).size).toBe(1);
  }
});

test("short words and words in other alphabets are unchanged", () => {
  for (const word of ["", "is", "as", "école", "любовь", "don't", "3rd"]) expect(stemmer(word)).toBe(word);
});
