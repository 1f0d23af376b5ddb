import { loadavg } from "node:os";

/** How busy a machine is with other work: a loop's time over its processor time, and the load that the system tells. */
export interface Noise {
  /** 1 on a machine where nobody else works. */
  readonly slowed: number;
  readonly load: number;
}

/** Takes a quarter of a second of processor and looks how long that lasted. */
export function noise(): Noise {
  const began = performance.now();
  const before = process.cpuUsage();
  let value = 1;
  let used = 0;
  while (used < 250_000) {
    for (let step = 0; step < 1_000_000; step++) value = (value * 48_271) % 2_147_483_647;
    const { user, system } = process.cpuUsage(before);
    used = user + system;
  }
  return { slowed: (performance.now() - began) / (used / 1000) + value * 0, load: loadavg()[0]! };
}
