const list = (words: string): string[] => words.trim().split(/\s+/);

/** Personal, possessive and reflexive pronouns of English. */
export const pronouns: ReadonlySet<string> = new Set(
  list(`
    i me my mine myself you your yours yourself yourselves he him his himself she her hers herself it its itself
    we us our ours ourselves they them their theirs themselves themself thee thou thy
  `),
);

/** The closed word classes of English. Contractions are also looked up by the part before the apostrophe. */
export const functionWords: ReadonlySet<string> = new Set([
  ...pronouns,
  ...list(`
    a an the this that these those such what which who whom whose when where why how
    all another any anybody anyone anything both each either enough every everybody everyone everything few many more
    most much neither nobody none nothing no one other others same several some somebody someone something
    about above across after against along among around as at before behind below beneath beside besides between
    beyond but by despite down during except for from in inside into like near of off on onto out outside over past
    per since than through throughout till to toward towards under until unto up upon via with within without
    and because if nor or so then though although unless whereas whether while yet once
    am are be been being is was were do does did doing done have has had having can could may might must shall
    should will would ought cannot ain't aren't can't couldn't didn't doesn't don't hadn't hasn't haven't isn't
    mightn't mustn't needn't shan't shouldn't wasn't weren't won't wouldn't let's there's that's what's who's here's
    not never ever only just also too very even still again already always almost quite rather there here
  `),
]);
