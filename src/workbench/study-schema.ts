import { z } from "zod";
import { StudyConfig } from "../study/config.ts";
import { builtInKinds, ModelSettings, schemes } from "../study/settings/models.ts";

type Json = z.core.JSONSchema.BaseSchema;

/**
 * `study.schema.json`: what an editor shows of each setting of study.yaml, with its default, and by which it completes and
 * checks. A model is one of the kinds that come with Tiny Love, or of a kind that a plugin brings.
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

/** Says the default where the description does not, as editors show the one but not always the other. */
function withDefault({ description = "", default: value }: Json): string {
  if (value === undefined || /\bDefault:/.test(description) || (typeof value === "object" && isEmpty(value)))
    return description;
  return `${description} Default: ${typeof value === "string" ? value.trim() || "empty" : JSON.stringify(value)}.`;
}

const isEmpty = (value: object | null): boolean => value === null || Object.keys(value).length === 0;

/** A model whose scheme is none of those here. */
const ofPlugin = (): Json => ({
  type: "object",
  required: ["address"],
  properties: {
    address: {
      type: "string",
      pattern: `^(?!(${schemes().join("|")}):)[a-z]+:`,
      description: "Which model: the scheme of a plugin, and what it says of the rest.",
    },
  },
});
