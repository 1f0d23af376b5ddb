import type { Generation } from "../../src/study/generation.ts";
import { generationOf } from "../helpers/generations.ts";

/** An attempt of a dummy model at the title of the story `bus`. */
export const pretended = (id: string, text: string, examples: string[] = []): Generation =>
  generationOf({
    id,
    story: "bus",
    title: "The tall one",
    model: { address: "echo:", hash: "", dummy: true },
    examples,
    text,
  });
