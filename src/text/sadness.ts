import { termsOf } from "./words.ts";

/**
 * How sad the words of a text are, per hundred words: words of loss and sorrow minus words of joy. It is a rough count
 * of cue words: it finds "she died" but misses irony. Use it to rank many texts, never to judge one.
 */
export function sadness(text: string): number {
  const terms = termsOf(text);
  const count = (cues: ReadonlySet<string>) => terms.filter((term) => cues.has(term)).length;
  return terms.length === 0 ? 0 : (100 * (count(sorrow) - count(joy))) / terms.length;
}

const list = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/));

const sorrow = list(`
  ache ached aches aching alone apart ashes bitter bitterness buried bury cancer cemetery coffin cold cried cry crying
  dark darkness dead death despair die died dies dying divorce divorced dull empty emptiness faded failed farewell fear
  forgotten funeral gone goodbye grave grief grieve grieved grieving heartbroken heavy hollow hospital hurt hurts
  ill illness lonely loneliness longing lose losing loss lost melancholy miss missed misses missing mourn mourned
  mourning never pain painful quiet regret regrets regretted sad sadder sadly sadness sick silence silent sob sobbed
  sorrow sorry stroke suffer suffered tears tumour tumor unsaid vanished weep weeping wept widow widower without
  wound
`);

const joy = list(`
  beam beamed beaming bliss blissful bloom bright brighter celebrate celebrated celebrating celebration cheer cheered
  cheerful dance danced dancing delight delighted delightful enjoy enjoyed excited fun funny gift giggle giggled
  giggling glad gladly glee grateful grin grinned grinning happier happily happiness happy hooray hope hoped
  hopeful hug hugged joy joyful joyous kiss kissed kisses kissing laugh laughed laughing laughs laughter lovely
  lucky marvellous merry party play played playing proud sang shine sing singing smile smiled smiles smiling song
  sparkle sunlight sunny sunshine sweet thrilled warm warmth wedding welcome wonderful yes
`);
