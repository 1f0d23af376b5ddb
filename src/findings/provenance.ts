import type { Manifest } from "../workbench/manifest.ts";
import { version } from "../workbench/version.ts";
import type { Provenance } from "./contents.ts";

/** Versions, seed and hashes as the manifest recorded them; no times, so that the same study gives the same page. */
export function provenanceOf({ stages }: Manifest, seed: string | number | undefined): Provenance {
  const records = Object.entries(stages).filter(([name]) => name !== "report");
  const versions = new Set(
    records.map(
      ([, record]) => `Tiny Love ${record.versions["tinylove"]} on Node ${record.versions["node"]}`,
    ),
  );
  const hashes = new Map(
    records.flatMap(([, record]) => Object.entries({ ...record.reads, ...record.writes })),
  );
  return {
    facts: [
      ["Report", `Tiny Love ${version}`],
      ...(versions.size > 0 ? [["Stages", [...versions].join("; ")] as const] : []),
      ...(seed === undefined ? [] : [["Seed", String(seed)] as const]),
    ],
    hashes: [...hashes].sort(([one], [other]) => (one < other ? -1 : 1)),
  };
}
