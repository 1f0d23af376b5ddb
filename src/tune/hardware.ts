import { StudyError } from "../workbench/errors.ts";

/** The GPUs to plan for: `nodes` machines of `perNode` GPUs with `bytes` of memory each. */
export interface Hardware {
  readonly nodes: number;
  readonly perNode: number;
  readonly bytes: number;
}

/** Reads `4x40GB` (one machine) or `3x4x40GB` (three machines); a GB is 2^30 bytes, as vendors count GPU memory. */
export function parseHardware(text: string): Hardware {
  const found = /^(?:(\d+)x)?(\d+)x(\d+(?:\.\d+)?)(?:GB|GiB|G)$/i.exec(text.replaceAll(" ", ""));
  const [nodes, perNode, size] = [Number(found?.[1] ?? 1), Number(found?.[2]), Number(found?.[3])];
  if (!found || nodes < 1 || perNode < 1 || size <= 0) {
    throw new StudyError(`--gpus ${text}: not a number of GPUs and their memory`, {
      hint: "write 4x40GB, or 3x4x40GB for three machines",
    });
  }
  return { nodes, perNode, bytes: size * 2 ** 30 };
}
