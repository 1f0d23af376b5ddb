import * as module from "node:module";
import { packageFolder } from "../workbench/version.ts";

let done = false;

/**
 * Lets plugins say `import "tinylove"` wherever their study is: it is the Tiny Love that runs them. Called before the
 * first plugin is loaded.
 */
export function resolveTinylove(): void {
  if (done) return;
  done = true;
  const url = new URL("dist/index.js", packageFolder).href;
  if (hooks.registerHooks) {
    hooks.registerHooks({
      resolve: (specifier, context, next) =>
        specifier === "tinylove" ? { url, shortCircuit: true } : next(specifier, context),
    });
    return;
  }
  // Node below 22.15 resolves in a thread of its own, which is told as a module.
  module.register(
    `data:text/javascript,${encodeURIComponent(
      `export const resolve = (specifier, context, next) =>
         specifier === "tinylove" ? { url: ${JSON.stringify(url)}, shortCircuit: true } : next(specifier, context);`,
    )}`,
  );
}

type Next = (specifier: string, context: unknown) => { readonly url: string };

/** What Node has from 22.15 on; the types are those of Node 20. */
const hooks: {
  readonly registerHooks?: (hooks: {
    resolve(
      specifier: string,
      context: unknown,
      next: Next,
    ): { readonly url: string; readonly shortCircuit?: true };
  }) => void;
} = module as never;
