import * as module from "node:module";
import { packageFolder } from "../workbench/version.ts";

let done = false;

/**
 * Resolves `import "tinylove"` in plugins to the Tiny Love that runs them, wherever their study is. Called before the
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
  // Node below 22.15 resolves in a separate thread, which gets the hook as a module.
  module.register(
    `data:text/javascript,${encodeURIComponent(
      `export const resolve = (specifier, context, next) =>
         specifier === "tinylove" ? { url: ${JSON.stringify(url)}, shortCircuit: true } : next(specifier, context);`,
    )}`,
  );
}

type Next = (specifier: string, context: unknown) => { readonly url: string };

/** Node has this function since 22.15; the type definitions are those of Node 20. */
const hooks: {
  readonly registerHooks?: (hooks: {
    resolve(
      specifier: string,
      context: unknown,
      next: Next,
    ): { readonly url: string; readonly shortCircuit?: true };
  }) => void;
} = module as never;
