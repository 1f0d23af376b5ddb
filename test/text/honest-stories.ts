/**
 * Fifty beginnings that a person may well write and that look like additions of models: words of the title, speech, dashes,
 * notes, tags. Cleaning must not change them.
 */
export const honestStories: readonly (readonly [title: string, text: string])[] = [
  // The words of the title come first.
  [
    "The Last Ferry",
    "The last ferry had gone.\n\nWe sat on the pier and shared the one orange she had left.",
  ],
  ["Home", "Home is where my father kept the spare key.\n\nI looked there first. It was gone."],
  ["Come Back", "“Come back,” said the note on the fridge.\n\nI was only at the shop."],
  [
    "Is This Love?",
    "Is this love?\nI asked the dentist, since he had his hand in my mouth and could not answer.",
  ],
  ["Wait for Me", "Wait for me!\n\nMy brother never did. At his wedding he turned round and waited."],
  ["Forty Years", "Forty years, three houses, one kettle.\n\nThe kettle still works."],
  ["A Blue Door", "A blue door, she had written, and no number.\n\nThe street had six blue doors."],
  ["Sunday", "Sunday.\n\nNobody calls on Sunday. He called."],
  ["Dear John", "Dear John,\n\nthe cat has decided. She stays with me. You may have the chairs."],
  ["Salt", "Salt first, then pepper. My grandmother cooked as she prayed, in order."],
  ["THE END OF JUNE", "The end of June came with rain.\nWe married in rubber boots."],
  ["Her Hands", "Her hands: flour, ink, oil.\n\nI learned her week by what was under her nails."],
  ["Goodnight, Moon", "Goodnight, moon. Goodnight, phone. Goodnight, man who says he will call."],
  ["What She Kept", "What she kept was the receipt.\n\nTwo coffees, one slice of cake, nineteen years ago."],
  ["One Word", "One word would have done.\nHe sent a photograph of the sea."],
  // Speech.
  [
    "A Bargain",
    '"You can have the dog," he said.\n\nI took the dog. I never liked the sofa. "And the sofa," he said.',
  ],
  ["The Phone Call", '"It is me," she said.\n\n"I know," I said. "It is always you."'],
  ["Late", '"You are late." "I know." "Eleven years." "The trains."'],
  [
    "Mother’s Rule",
    "“Never on an empty stomach,” my mother said, and fed the man who came to read the meter. They married in May. “I told you,” she says.",
  ],
  [
    "Bread",
    "'Take the end piece,' he said. 'Nobody wants it.' I have wanted it since I was four. 'You do?' 'I do.'",
  ],
  [
    "Two Tickets",
    '"One," I told the woman at the counter. "Two," said a voice behind me. It was "one" that I had practised.',
  ],
  [
    "The Proposal",
    '"Marry me," he said to the parrot, for practice. For a month the parrot proposed to everyone. I said yes to the parrot. "Finally," said the man.',
  ],
  [
    "Names",
    "“Ana,” I said. “Anna,” she said. We have been spelling each other ever since. “Two n’s,” she says.",
  ],
  [
    "The Argument",
    "«Non», elle a dit. Alors je suis parti. «Reviens», a-t-elle écrit. «Non», ai-je répondu.",
  ],
  [
    "Letters",
    '"Dear you," began every letter. I was not you. I was the postman. "Dear you," I wrote back at last. "Me?"',
  ],
  ["Quiet", "“Shh.” That was all he ever said in the library. On our wedding day I said it to him. “Shh.”"],
  ["Her Word", '"Yes" is a short word. She needed nine years and a broken boiler to say "yes"'],
  // Dashes.
  ["Rain", "– Do you have an umbrella?\n– No.\n– Neither do I.\n\nThat is how it began."],
  ["The Market", "— How much?\n— For you, nothing.\nHe has paid for that fish every day since."],
  [
    "Evening",
    "- and then, in the middle of the sentence, she took my hand.\n\nI have forgotten the sentence.",
  ],
  [
    "Platform 4",
    "Platform 4 – that was where we always met.\n\nThey have closed it. We meet anyway, at the fence.",
  ],
  [
    "Fathers",
    "My father and his father did not speak – for nine years – over a goat.\n\nThe goat died. They cried together.\n– Yes.",
  ],
  ["Answer", "She wrote the answer on the steam of the mirror.\n– Maybe.\nI have not wiped it since."],
  ["Names of the Dead", "We read the names aloud.\n\n– Ivan, who whistled.\n– Olga, who did not."],
  [
    "List",
    "- milk\n- eggs\n- call him back\n\nI bought the milk. I bought the eggs. The list is still on the fridge.",
  ],
  // Notes, titles and stories inside a story.
  ["On the Door", "Note on the door: gone to find you.\n\nI was inside the whole time."],
  [
    "Notes",
    "Notes for my daughter, in case: the stove lies, the neighbour does not, and your father loved you.",
  ],
  [
    "Lunch Box",
    "Every lunch box had a note.\n\nOn the last day of school it said what they all had said.\n\nNote: eat the apple first.",
  ],
  [
    "The Story",
    "The story my uncle tells begins with a mule and ends with my aunt.\n\nThe mule is longer each year.",
  ],
  [
    "Grandmother’s Tale",
    "Here is a story my grandmother told:\n\na girl waited at a well so long that the water learned her name.",
  ],
  [
    "Title Deed",
    "Title deeds burn well. My parents found that out together, laughing, the winter the bank wrote.",
  ],
  ["P.S.", "The letter said nothing.\n\nP.S. Come home, it said below."],
  ["A Hundred Words", "A hundred words, the teacher said. My son wrote her name, fifty times, and mine."],
  ["Of Course", "Of course I knew. Of course I said nothing. Of course he married her sister."],
  ["By Heart", "We learned the poem by heart.\n\nAt her grave I forgot it. He did not.\n\nLove,\nGrandma"],
  // Tags and signs in speech and messages.
  ["Heart", "He typed <3 and meant it. I typed < and then 3 and meant arithmetic. We have twins."],
  ["Bold", '"Put <b> before my name," she told the programmer, "and never close it." He never did.'],
  ["The Tag", "“Type <br> where you want to breathe,” my tutor said. I wrote to her without one."],
  ["Escape", 'The error said "&amp;" where our names met. Ana &amp; Ivan. We had it printed on the cake.'],
  [
    "Thinking",
    'In the comic he drew a bubble, and in it "<think> do not say it </think>" and then he said it.',
  ],
];
