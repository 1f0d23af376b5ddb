import { z } from "zod";
import { StudyConfig } from "../study/config.ts";
import { builtInKinds, ModelSettings, schemes } from "../study/settings/models.ts";

type Json = z.core.JSONSchema.BaseSchema;

/**
 * `study.schema.json`: with it, an editor shows, completes and checks the settings of study.yaml, with their defaults.
 * A model is one of the built-in kinds, or of a plugin's kind.
 */
export const studySchema = (): Json => jsonOf(StudyConfig);

const jsonOf = (schema: z.ZodType): Json =>
  z.toJSONSchema(schema, {
    io: "input",
    override({ zodSchema, jsonSchema }) {
      if (zodSchema === ModelSettings)
        Object.assign(jsonSchema, {
          anyOf: [...builtInKinds().map(({ settings }) => jsonOf(settings)), ofPlugin()],
        });
      if (jsonSchema.description !== undefined) jsonSchema.description = withDefault(jsonSchema);
    },
  });

/**
 * Adds the default to a description without it, because editors always show the description but not always the default.
 */
function withDefault({ description = "", default: value }: Json): string {
  if (value === undefined || /\bDefault:/.test(description) || (typeof value === "object" && isEmpty(value)))
    return description;
  return `${description} Default: ${typeof value === "string" ? value.trim() || "empty" : JSON.stringify(value)}.`;
}

const isEmpty = (value: object | null): boolean => value === null || Object.keys(value).length === 0;

/** A model whose scheme is not built in. */
const ofPlugin = (): Json => ({
  type: "object",
  required: ["address"],
  properties: {
    address: {
      type: "string",
      pattern: `^(?!(${schemes().join("|")}):)[a-z]+:`,
      description: "Which model: a plugin's scheme, then what the plugin expects after it.",
    },
  },
});
