import { z } from "zod";
import { addModelKind, kindOfScheme } from "../study/settings/models.ts";
import { addressed, common, localSampling } from "../study/settings/providers/provider.ts";
import { StudyError } from "../workbench/errors.ts";

/** The part of a kind of model that study.yaml depends on; `generate/plugin-model.ts` uses the rest. */
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

/** Adds a plugin's kind of model, until the returned function is called. Throws StudyError if the definition is invalid. */
export function addModel(definition: ModelKindDefinition, hash: string): () => void {
  const { scheme, summary, settings = {} } = definition;
  if (kindOfScheme(scheme))
    throw new StudyError(`there is already a model ${scheme}:`, { hint: "choose another scheme" });
  const given = { address: addressed(scheme, "NAME"), ...common, ...localSampling };
  for (const [name, setting] of Object.entries(settings)) {
    if (Object.hasOwn(given, name))
      throw new StudyError(`every model already has a setting ${name}`, { hint: "give it another name" });
    if (typeof setting !== "object" || setting === null || !("_zod" in setting))
      throw new StudyError(`settings.${name} is not a zod schema`, {
        hint: 'write z.number().default(1), with `import { z } from "tinylove"`',
      });
  }
  const plugin: PluginModel = { definition, hash };
  return addModelKind(scheme, { summary, settings: z.strictObject({ ...given, ...settings }), plugin });
}
