import { type Finding, figure } from "../../study/finding.ts";
import { type DescribedText, type DescriptionInput, idsOf } from "../described.ts";

/** How many of the texts have somebody speak, people's and each model's. */
export function dialogue({ texts }: DescriptionInput): Finding[] {
  if (!texts.has("dialogue")) return [];
  const rows = byCondition(texts.all).map(({ condition, group, texts }) => {
    const spoken = texts.filter(({ values }) => values["dialogue"] === true);
    return { condition, group, share: spoken.length / texts.length, texts: idsOf(spoken) };
  });
  return [
    figure("detail", "In how many texts somebody speaks", {
      draw: "bars",
      table: {
        columns: [
          { key: "condition", label: "written by", format: "text" },
          { key: "share", label: "with dialogue", format: "percent" },
          { key: "texts", label: "which", format: "ids" },
        ],
        rows,
      },
      encode: { y: "condition", x: "share", group: "group" },
      labels: { x: "texts with dialogue" },
    }),
  ];
}

/** Texts by who wrote them: people, and each model. */
function byCondition(texts: readonly DescribedText[]) {
  const models = [...new Set(texts.map(({ model }) => model))];
  return models.map((model) => ({
    condition: model || "people",
    group: model ? "machine" : "human",
    texts: texts.filter((text) => text.model === model),
  }));
}
