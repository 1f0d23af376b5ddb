/** Stories written for these tests: about love, within the length rule, without a common sentence. */
export const fewStories = [
  {
    title: "The Spare Key",
    text: "Marta cut a key for me on our second date, by accident; the locksmith misheard her. She kept it in a bowl for a year. When I moved in, she said the bowl had been lonely before it was full.",
    author: "Ilse Brandt",
  },
  {
    title: "Two Sugars",
    text: "My father never said the words. He drove forty miles with a thermos instead, tea with two sugars, because the hospital machine was broken. It was still hot. I drank it in the corridor while he pretended to read the fire notice.",
    author: "Owen Pryce",
  },
  {
    title: "Left Shoe First",
    text: "Our daughter insists on the left shoe first. Her grandmother did too. Nobody taught her; they missed each other by eleven days. Each morning I kneel at the door and lace a habit that crossed a gap no one could.",
    author: "Noor Haddad",
  },
  {
    title: "Seat 14C",
    text: "He asked to swap so that he could sit beside his wife. I looked at the empty place, then at the photograph in his lap, and gave him the window.",
    author: "Devika Rao",
  },
  {
    title: "The Quiet Allotment",
    text: "After the divorce we kept the allotment, because neither could carry the rhubarb. Saturdays are mine, Sundays his. Lately there are two mugs by the tap on Mondays, and I have stopped washing mine.",
    author: "Ruth Calder",
  },
  {
    title: "Northbound",
    text: "The dog waited at the bus stop for my brother long after he had gone north. Last week she stopped. That evening he rang to say that he was coming home for good.",
    author: "Tomas Lind",
  },
] as const;
