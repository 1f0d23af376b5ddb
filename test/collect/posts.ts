/** Posts written for these tests, in the form of a newspaper's page. */
export interface PostFixture {
  readonly path: string;
  readonly headline: string;
  readonly date: string;
  readonly stories: readonly StoryFixture[];
}

export interface StoryFixture {
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly author: string;
  /** How the author follows the last paragraph. */
  readonly tail?: "spaced" | "close" | "inside" | "none" | "own paragraph";
  readonly place?: string;
  /** The note of a reprint. */
  readonly note?: string;
}

const kettle: StoryFixture = {
  title: "Kettle On",
  paragraphs: [
    "Nan rang at six every evening to ask whether the kettle was on. It never was. I would lie, fill it, and listen to her settle into her chair three streets away. At six last night the phone was quiet, so I filled it anyway, and somebody’s chair creaked upstairs.",
  ],
  author: "Bridie Nolan",
};

const seeds: StoryFixture = {
  title: "What the Packet Said",
  paragraphs: [
    "The packet said full sun. We had a north wall and no money, so Luis hung mirrors.",
    "Neighbors laughed until July.",
    "He left in a year when nothing came up. The mirrors stayed. Every June they still find the bare place where he stood, and warm it.",
  ],
  author: "Celia Ortuño",
  place: "Tucson, Ariz.",
};

export const posts: readonly PostFixture[] = [
  {
    path: "/2018/10/16/style/tiny-modern-love-stories-kettle.html",
    headline: "Tiny Modern Love Stories: ‘At Six, the Phone Was Quiet’",
    date: "2018-10-16",
    stories: [
      kettle,
      seeds,
      {
        title: "Fourth Floor, No Lift",
        paragraphs: [
          "She carried her bicycle up four floors each night and I held doors. By spring I knew the sound of her chain. “You could leave it at mine,” I said. I live on the fifth.",
        ],
        author: "Piotr Zielak",
        tail: "close",
      },
      {
        title: "The Pause",
        paragraphs: [
          "Before every goodbye my son leaves a pause, as if looking for a coat. I used to fill it. Now I wait, and out of it, lately, comes: “Love you — bye.”",
        ],
        author: "Hannah Weiss",
      },
    ],
  },
  {
    path: "/2019/02/12/style/tiny-modern-love-stories-ferry.html",
    headline: "Tiny Modern Love Stories: ‘The Ferry Was Late and So Were We’",
    date: "2019-02-12",
    stories: [
      {
        title: "Deck B",
        paragraphs: [
          "The ferry was late and so were we, by eleven years. On deck B he bought two coffees without asking how I took mine. Wrong, as ever. I drank both our mistakes and missed my stop. Did I mind?",
        ],
        author: "Marit Solheim",
      },
      {
        title: "Inheritance",
        paragraphs: [
          "From my mother: a thimble, a temper, a way of folding towels that no husband has mastered. From hers: the silence after. I am learning to leave my daughter only the towels.",
        ],
        author: "Grace Adeyemi",
        tail: "inside",
      },
      {
        title: "Lost and Found",
        paragraphs: [
          "I reported one glove. The clerk at the station brought out a box, and there, on top, lay yours, the winter before we met. We had been losing halves of things to each other on the same line.",
        ],
        author: "Jonas Keller",
        tail: "none",
      },
    ],
  },
  {
    path: "/2020/05/19/style/tiny-love-stories-window.html",
    headline: "Tiny Love Stories: ‘We Waved Through the Glass’",
    date: "2020-05-19",
    stories: [
      {
        title: "Visiting Hours",
        paragraphs: [
          "We waved through the glass with both hands, so that neither would be the one to stop. Dad had forgotten our names but not our rhythm: two slow, one fast. The nurse learned it. On the days we could not come, she waved it for us.",
        ],
        author: "Aoife Brennan",
      },
      {
        title: "Sourdough",
        paragraphs: [
          "He named the starter Gerald. I moved out; Gerald, by agreement, was halved. Mine died in a week. He drove across the city at midnight with a jar on the seat, belted in.",
          "“He missed you,” he said, and I could not tell which one he meant.",
        ],
        author: "Lena Fischer",
        tail: "own paragraph",
      },
      {
        title: "Ward Seven",
        paragraphs: [
          "My roommate in ward seven snored in a minor key. I composed harmonies to stay sane. Years later, my first song on the radio, a text from an unknown number: “Is that me?”",
        ],
        author: "Sam Okafor, Jr.",
      },
      {
        title: "Nothing Much",
        paragraphs: [
          "Ask my parents what they did today: nothing much. Fifty-one years of it. They do it side by side, on a bench, facing the parking lot, sharing one orange in the order in which it comes apart.",
        ],
        author: "Priya Venkat",
      },
      {
        title: "Autocorrect",
        paragraphs: [
          "I meant to type “I need you to leave.” My phone, which had read two years of our messages, offered “I need you to live.” His scan was Thursday. I let it stand.",
        ],
        author: "Rosa Delgado",
      },
    ],
  },
  {
    path: "/2021/06/29/style/tiny-love-stories-porch.html",
    headline: "Tiny Love Stories: ‘He Fixed the Porch Light’",
    date: "2021-06-29",
    stories: [
      {
        title: "Porch Light",
        paragraphs: [
          "He fixed the porch light the day he moved out, so that I would not come home to the dark on his account. It burned for six years. I changed the bulb last night myself; took the ladder, held my own feet.",
        ],
        author: "Wanda Pruitt",
      },
      {
        title: "Second Violin",
        paragraphs: [
          "I was never first at anything but leaving. Then, in the back of a school gym, a man turned a page for me one bar early because he had been listening, and I stayed for the repeat.",
        ],
        author: "Emil Novák",
      },
      {
        title: "The Mailman’s Dog",
        paragraphs: [
          "Our mailman brought his old dog on the round when she could no longer be left. We put out water; by August the whole street did. He says she delivered more than he ever carried.",
        ],
        author: "Ted Yamamoto",
      },
      {
        title: "Unsent",
        paragraphs: [
          "I write to my birth mother each March and post it to an address I invented. This year one came back, stamped: no such street. Under it, in pencil, somebody at the depot had put, “Keep trying.”",
        ],
        author: "Nell Abbott",
      },
    ],
  },
  {
    path: "/2022/02/08/style/tiny-love-stories-roundup.html",
    headline: "Tiny Love Stories to Read Again",
    date: "2022-02-08",
    stories: [
      { ...kettle, note: "originally published on Oct. 16, 2018" },
      { ...seeds, note: "originally published on Oct. 16, 2018" },
      {
        title: "Northern Line",
        paragraphs: [
          "We divided the city when we parted: he took the parks, I took the river. Nobody took the bridge. That is where we meet, each swearing to be only passing over.",
        ],
        author: "Clive Mensah",
        note: "originally published on April 2, 2018",
      },
    ],
  },
];

/** Every story as it should be in the corpus, in the order of the posts, first prints and reprints. */
export const storiesOfPosts = posts.flatMap(({ headline, date, stories }) =>
  stories.map((story) => ({ headline, date, ...story })),
);

type Shape = "tree" | "state";

/** The page of a post, with the article's markup and its data in one of two shapes; `drawn: false` has only the data. */
export function pageOfPost(
  post: PostFixture,
  { shape = "tree", drawn = true, data = true }: { shape?: Shape; drawn?: boolean; data?: boolean } = {},
): string {
  const preloaded = shape === "tree" ? treeOf(post) : stateOf(post);
  // The page's data are JavaScript: a missing value is undefined.
  const script = JSON.stringify(preloaded).replaceAll('"@undefined"', "undefined");
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${post.headline} - The Paper</title>
<link data-rh="true" rel="canonical" href="https://www.nytimes.com${post.path}">
<meta property="og:title" content="${post.headline}"><meta property="article:published_time" content="${post.date}T09:00:26.000Z">
</head><body><div id="app"><div class="vi-gateway-container"></div><button data-testid="user-settings-button"></button>
<article id="story"><h1 class="css-1abc">${post.headline}</h1>
<section name="articleBody" class="css-1r7k">${drawn ? columnsOf(post) : ""}</section></article></div>
${data ? `<script>window.__preloadedData = ${script};</script>` : ""}</body></html>`;
}

function columnsOf(post: PostFixture): string {
  const column = (inside: string) =>
    `<div class="css-${inside.length} StoryBodyCompanionColumn"><div class="css-53">${inside}</div></div>`;
  const ad = `<div class="css-ad"><div id="story-ad-1-wrapper"><p>Advertisement</p></div></div>`;
  return [
    column(`<p class="css-at9">Modern love in miniature, <!-- -->for these tests.</p>`),
    ...post.stories.map((story) =>
      column(`<h2 class="css-${story.title.length}">${story.title}</h2>${markupOf(story)}`),
    ),
    ad.replaceAll("p>", "span>"),
    column(
      `<h2>More From the Paper</h2><p class="css-at9"><a href="/x">See more tiny stories</a></p><p>Submit yours at <a href="/y">nytimes.com/tinylovestories</a>.</p>`,
    ),
  ].join("\n");
}

function markupOf(story: StoryFixture): string {
  return runsOf(story)
    .map((runs) => {
      const inside = runs
        .map(([text, italic]) =>
          italic ? `<em class="css-2fg">${text}</em>` : text.replace(" ", " <!-- -->"),
        )
        .join("");
      return `<p class="css-at9 evys">${inside}</p>`;
    })
    .join("");
}

type FixtureRun = readonly [text: string, italic: boolean];

function runsOf({ paragraphs, author, tail = "spaced", place, note }: StoryFixture): FixtureRun[][] {
  const signed = place ? `${author}, ${place}` : author;
  const signature: Record<NonNullable<StoryFixture["tail"]>, FixtureRun[]> = {
    spaced: [
      [" — ", false],
      [signed, true],
    ],
    close: [
      ["—", false],
      [signed, true],
    ],
    inside: [
      [" ", false],
      [`— ${signed}`, true],
    ],
    none: [
      [" ", false],
      [signed, true],
    ],
    "own paragraph": [
      ["— ", false],
      [signed, true],
    ],
  };
  const noted: FixtureRun[] = note ? [[` (${note})`, false]] : [];
  const lines = paragraphs.map((text): FixtureRun[] => [[text, false]]);
  if (tail === "own paragraph") return [...lines, [...signature[tail], ...noted]];
  return [...lines.slice(0, -1), [...lines.at(-1)!, ...signature[tail], ...noted]];
}

function treeOf(post: PostFixture): unknown {
  const inline = ([text, italic]: FixtureRun) => ({
    __typename: "TextInline",
    text,
    formats: italic ? [{ __typename: "ItalicFormat" }] : [],
  });
  const block = (type: string, runs: readonly FixtureRun[]) => ({
    __typename: type,
    textAlign: "DEFAULT",
    content: runs.map(inline),
  });
  const content = [
    { __typename: "HeaderBasicBlock", headline: { content: "@undefined" } },
    block("ParagraphBlock", [["Modern love in miniature, for these tests.", false]]),
    ...post.stories.flatMap((story) => [
      block("Heading2Block", [[story.title, false]]),
      ...runsOf(story).map((runs) => block("ParagraphBlock", runs)),
      { __typename: "Dropzone", index: 0, bad: "@undefined" },
    ]),
    { __typename: "ImageBlock", media: { credit: 'the word "undefined" stays', crops: "@undefined" } },
  ];
  const article = {
    __typename: "Article",
    headline: { default: post.headline },
    firstPublished: `${post.date}T09:00:26.000Z`,
    sprinkledBody: { __typename: "DocumentBlock", content },
  };
  return { initialData: { data: { article } }, config: { flags: "@undefined" } };
}

function stateOf(post: PostFixture): unknown {
  const state: Record<string, unknown> = {};
  const id = `Article:${Buffer.from(post.path).toString("base64")}`;
  const add = (key: string, typename: string, node: Record<string, unknown>) => {
    state[key] = { ...node, __typename: typename };
    return { type: "id", generated: true, id: key, typename };
  };
  const blocks: { type: string; runs: readonly FixtureRun[] }[] = [
    { type: "ParagraphBlock", runs: [["Modern love in miniature, for these tests.", false]] },
    ...post.stories.flatMap((story) => [
      { type: "Heading2Block", runs: [[story.title, false] as const] },
      ...runsOf(story).map((runs) => ({ type: "ParagraphBlock", runs })),
    ]),
  ];
  const content = blocks.map(({ type, runs }, at) => {
    const key = `$${id}.sprinkledBody.content@filterEmpty.${at}`;
    const inlines = runs.map(([text, italic], run) => {
      const own = `${key}.content.${run}`;
      const formats = italic ? [add(`${own}.formats.0`, "ItalicFormat", { type: "@undefined" })] : [];
      return add(own, "TextInline", { text, formats });
    });
    return add(key, type, { textAlign: null, content: inlines });
  });
  const body = add(`$${id}.sprinkledBody`, "DocumentBlock", { "content@filterEmpty": content });
  const headline = add(`$${id}.headline`, "CreativeWorkHeadline", { default: post.headline });
  const article = add(id, "Article", {
    headline,
    firstPublished: `${post.date}T09:00:26.000Z`,
    sprinkledBody: body,
  });
  add("ROOT_QUERY", "Query", { [`workOrLocation({"id":"${post.path}"})`]: article });
  return { initialState: state };
}
