/**
 * kill -9 at random moments of `tinylove generate` with the embedded model, a hundred times by default (`npm run
 * bench -- generate-kills 20`): every study whose run was killed must have the same generations in the end as
 * one whose run was not, and none may have generations before its run has ended. Exits 1 if one differs.
 */

import { embeddedModelFile } from "../src/llm/llama.ts";
import { randomFrom } from "../src/stats/random.ts";
import { killedOften } from "../test/generate/killing.ts";
import { builtProgram } from "../test/helpers/built.ts";

const kills = Number(process.argv[2] ?? 100);
const random = randomFrom(1, "kills");
const found = await killedOften(await builtProgram(), embeddedModelFile, { titles: 16, kills, random });
console.table([found]);
if (found.different > 0 || found.halfWritten > 0) process.exitCode = 1;
