import { z } from "zod";
import { addModelKind, kindOfScheme } from "../study/settings/models.ts";
import { addressed, common, localSampling } from "../study/settings/providers/provider.ts";
import { StudyError } from "../workbench/errors.ts";

/** What of a kind of model study.yaml depends on; the rest is for `generate/plugin-model.ts`. */
export interface ModelKindDefinition {
  readonly scheme: string;
  readonly summary: string;
  readonly settings?: Readonly<Record<string, z.ZodType>>;
}

/** A kind of model that a plugin defines, with the hash of the plugin. */
export interface PluginModel {
  readonly definition: unknown;
  readonly hash: string;
}

/** Lets studies name models of a plugin's kind, until the function that it returns is called. Throws StudyError. */
export function addModel(definition: ModelKindDefinition, hash: string): () => void {
  const { scheme, summary, settings = {} } = definition;
  if (kindOfScheme(scheme))
    throw new StudyError(`there is a model ${scheme}: already`, { hint: "choose another scheme" });
  const given = { address: addressed(scheme, "NAME"), ...common, ...localSampling };
  for (const [name, setting] of Object.entries(settings)) {
    if (Object.hasOwn(given, name))
      throw new StudyError(`settings.${name} is what every model has`, { hint: "give it another name" });
    if (typeof setting !== "object" || setting === null || !("_zod" in setting))
      throw new StudyError(`settings.${name} is no zod schema`, {
        hint: 'write z.number().default(1), with `import { z } from "tinylove"`',
      });
  }
  const plugin: PluginModel = { definition, hash };
  return addModelKind(scheme, { summary, settings: z.strictObject({ ...given, ...settings }), plugin });
}
