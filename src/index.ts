export { openStudy } from "./workbench/study.ts";
