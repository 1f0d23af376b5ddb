import { loadavg } from "node:os";

/** How busy a machine is with other work: a loop's elapsed time over its processor time, and the system's load average. */
export interface Noise {
  /** 1 on a machine without other work. */
  readonly slowed: number;
  readonly load: number;
}

/** Uses a quarter of a second of processor time and measures the elapsed time. */
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
