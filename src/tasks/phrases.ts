/** The words of a page in the participant's language, by key; a key that is missing throws. */
export type Words = (key: string) => string;
