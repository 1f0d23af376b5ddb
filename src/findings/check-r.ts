import { z } from "zod";
import type { Findings } from "../study/finding.ts";
import { formerAnalyse, formerEffects, withCurrentNames } from "../study/former-names.ts";

/** The figures of one accuracy that the program checks. */
const Share = z.object({
  judgments: z.number(),
  correct: z.number(),
  estimate: z.number(),
  standardError: z.number(),
  degrees: z.number(),
  equivalenceP: z.number(),
  differenceP: z.number(),
});
const VerdictNumbers = z.object({
  overall: Share,
  human: Share,
  machine: Share,
  /** Absent from findings of version 0.1, which weighted judgments equally and clustered by reader and story only. */
  method: z
    .preprocess(
      (method) => withCurrentNames(method, formerAnalyse),
      z.object({ weighting: z.enum(["readers", "judgments"]), clusters: z.array(z.string()) }),
    )
    .default({ weighting: "judgments", clusters: [] }),
  readers: z
    .object({
      heterogeneity: z.object({ p: z.number(), draws: z.number() }),
      named: z.array(z.object({ holm: z.number() })),
    })
    .nullish(),
});
type VerdictNumbers = z.infer<typeof VerdictNumbers>;
const MixedNumbers = z.object({
  fitted: z.literal(true),
  singular: z.boolean(),
  /** In lme4's notation. */
  formula: z.string(),
  logLikelihood: z.number(),
  coefficients: z.array(
    z.object({
      effect: z.string().transform((effect) => formerEffects[effect] ?? effect),
      estimate: z.number(),
      standardError: z.number(),
    }),
  ),
  /** Standard deviations: of intercepts by their unit ("reader"), of slopes as "origin by reader". */
  deviations: z.record(z.string(), z.number()),
});

const DetectionNumbers = z.object({
  meanReader: z
    .object({
      fitted: z.literal(true),
      formula: z.string(),
      singular: z.boolean(),
      logLikelihood: z.number(),
      deviations: z.record(z.string(), z.number()),
      sensitivity: z.object({ value: z.number(), spread: z.number() }),
      criterion: z.object({ value: z.number(), spread: z.number() }),
    })
    .nullish()
    .catch(undefined),
  roc: z
    .object({
      mean: z.object({ value: z.number() }).nullish(),
      pooled: z.object({ value: z.number() }),
    })
    .nullish(),
});
type DetectionNumbers = z.infer<typeof DetectionNumbers>;

const RobustnessNumbers = z.object({
  smallestMargin: z.number().nullable(),
  alpha: z.number(),
  alternatives: z.array(
    z.object({ name: z.string(), estimate: z.number().nullable(), standardError: z.number().nullable() }),
  ),
  leftOut: z.array(z.object({ unit: z.string(), units: z.number(), low: z.number(), high: z.number() })),
});

const Change = z.object({ value: z.number(), spread: z.number() });
const TrendNumbers = z.object({
  fitted: z.boolean(),
  /** Absent without a model. */
  titles: z.boolean().optional(),
  logLikelihood: z.number().optional(),
  coefficients: z.array(z.number()).optional(),
  deviations: z.record(z.string(), z.number()).optional(),
  sensitivity: Change.optional(),
  criterion: Change.optional(),
  accuracy: z.array(z.object({ accuracy: z.number().nullable(), judgments: z.number() })),
});
const PracticeNumbers = z.object({ trial: TrendNumbers.optional(), time: TrendNumbers.optional() });

/** The judgments that the program checks, and the margin of the tests. */
interface CheckedTable {
  readonly margin: number;
  /** The path of the table, relative to the program. */
  readonly table: string;
  /** The column that is true for the judgments of the verdict; undefined if these are all rows. */
  readonly only?: string;
  /** Further tables with columns of stimuli and participants that the judgments lack. */
  readonly furtherTables?: { readonly stimuli: string; readonly participants: string };
}

/**
 * An R program, `check.R`, that recomputes the main figures from the table of judgments: the clustered
 * errors, both tests, robustness and the ROC curve in base R, the mixed models (practice included) with lme4. It fails if a figure differs.
 * Undefined without a verdict.
 */
export function checkR(found: readonly Findings[], judged: CheckedTable): string | undefined {
  const numbersOf = (name: string) => found.find(({ analysis }) => analysis === name)?.numbers;
  const verdict = VerdictNumbers.safeParse(numbersOf("verdict"));
  if (!verdict.success) return undefined;
  const mixed = MixedNumbers.safeParse(numbersOf("mixed-model"));
  const detection = DetectionNumbers.safeParse(numbersOf("signal-detection"));
  const robustness = RobustnessNumbers.safeParse(numbersOf("robustness"));
  const practice = PracticeNumbers.safeParse(numbersOf("practice"));
  const onlyOrigin =
    mixed.success && mixed.data.coefficients.every(({ effect }) => ["intercept", "origin"].includes(effect));
  return [
    rHeader(judged, verdict.data),
    ...(["overall", "human", "machine"] as const).map((of) => shareChecks(of, verdict.data[of])),
    ...readersChecks(verdict.data),
    ...(mixed.success && onlyOrigin ? [mixedChecks(mixed.data)] : []),
    ...(detection.success ? detectionChecks(detection.data) : []),
    ...(robustness.success ? [robustnessChecks(robustness.data)] : []),
    ...(practice.success ? trendChecks(practice.data) : []),
    rFooter,
  ].join("\n");
}

const rHeader = (
  { margin, table, only, furtherTables }: CheckedTable,
  { method: { weighting, clusters } }: VerdictNumbers,
): string => `# Recomputes the study's main figures from ${table}, independently of Tiny Love:
#   Rscript check.R
# Base R for the clustered errors and both tests; lme4 (if installed) for the mixed model.

judgments <- read.csv("${table}", stringsAsFactors = FALSE, na.strings = "", encoding = "UTF-8")
${only ? `judgments <- subset(judgments, ${only})\n` : ""}right <- as.numeric(judgments$response == judgments$origin)
margin <- ${margin}
differing <- 0

# Accuracies are means over ${weighting === "readers" ? "the readers' own accuracies" : "all judgments"}.
equal_reader_weights <- ${weighting === "readers" ? "TRUE" : "FALSE"}

# Clusters in addition to readers and stories; a story without a title, or a reader without a label, is a separate cluster.
label <- function(name, own) {
  found <- judgments[[name]]
${furtherTables ? furtherTablesR(furtherTables) : ""}  if (is.null(found)) stop("the tables have no column ", name, ", by which the verdict is clustered")
  ifelse(is.na(found), paste("own", own), paste("of", found))
}
clusterings <- list(reader = judgments$participant, story = judgments$stimulus)
${clusters.map((name) => `clusterings[["${name}"]] <- label("${name}", judgments$${name === "title" ? "stimulus" : "participant"})\n`).join("")}
check <- function(what, recomputed, expected, tolerance = 1e-6) {
  agrees <- isTRUE(abs(recomputed - expected) <= tolerance * max(1, abs(expected)))
  cat(sprintf("%-6s %-34s here %.8f  study %.8f\\n", if (agrees) "ok" else "DIFFER", what, recomputed, expected))
  if (!agrees) differing <<- differing + 1
}

# Variance of a weighted sum of group means for one clustering: the leave-one-out jackknife over clusters (CV3), by origin
# if clusters are nested in origins. The effective number of clusters in the degrees of freedom is
# (sum of n)^2 / sum of n^2.
cluster_variance <- function(residual, weight, cluster, group) {
  cell <- paste(cluster, group, sep = "\\r")
  first <- function(x) tapply(x, cell, function(y) y[1])
  count <- tapply(weight, cell, sum)
  move <- tapply(tapply(residual, cell, sum) / (tapply(weight, group, sum)[first(group)] - count), first(cluster), sum)
  size <- tapply(count, first(cluster), sum)
  nested <- all(table(first(cluster)) == 1)
  stratum <- if (nested) tapply(first(group), first(cluster), function(x) x[1]) else rep("all", length(move))
  clusters <- tapply(move, stratum, length)
  variance <- (clusters - 1) / clusters * tapply(move^2, stratum, sum)
  degrees <- (clusters - 1) / clusters * tapply(size, stratum, sum)^2 / tapply(size^2, stratum, sum)
  list(variance = sum(variance), degrees = if (sum(variance) > 0) sum(variance)^2 / sum(variance^2 / degrees) else min(degrees))
}

# A clustering nested in another is dropped.
within <- function(one, other) all(tapply(as.character(other), as.character(one), function(y) length(unique(y))) == 1)
contained <- sapply(seq_along(clusterings), function(i) any(sapply(seq_along(clusterings), function(j)
  i != j && within(clusterings[[i]], clusterings[[j]]) && (j < i || !within(clusterings[[j]], clusterings[[i]])))))
clusterings <- clusterings[!contained]
sets <- unlist(lapply(seq_along(clusterings), function(size) combn(length(clusterings), size, simplify = FALSE)), recursive = FALSE)

# Clusterings are combined by inclusion and exclusion (Cameron, Gelbach and Miller 2011), never below a single one, a pair,
# or the variance of independent judgments.
share <- function(weights) {
  kept <- judgments$origin %in% names(weights)
  x <- right[kept]; group <- judgments$origin[kept]
  weight <- if (equal_reader_weights) 1 / ave(x, judgments$participant[kept], group, FUN = length) else rep(1, length(x))
  total <- tapply(weight, group, sum)
  means <- tapply(weight * x, group, sum) / total
  residual <- weights[group] * weight * (x - means[group])
  parts <- lapply(sets, function(set) cluster_variance(residual, weight, do.call(paste, c(unname(lapply(clusterings[set], function(w) w[kept])), sep = "\\r")), group))
  variance <- sapply(parts, function(part) part$variance)
  sign <- ifelse(lengths(sets) %% 2 == 1, 1, -1)
  combined <- sapply(sets[lengths(sets) <= 2], function(pair) sum((sign * variance)[sapply(sets, function(set) all(set %in% pair))]))
  n <- tapply(x, group, length)
  rate <- (means * n + 1) / (n + 2)
  independent <- sum(weights^2 * (rate * (1 - rate) * tapply(weight^2, group, sum) / total^2)[names(weights)])
  estimate <- sum(weights * means[names(weights)])
  error <- sqrt(max(combined, sum(sign * variance), independent))
  single <- parts[lengths(sets) == 1]
  own <- sapply(single, function(part) part$degrees)
  degrees <- min(own)
  if (any(!names(clusterings) %in% c("reader", "story"))) {
    whole <- max(combined, sum(sign * variance))
    degrees <- max(degrees, min(max(own), whole^2 / sum(sapply(single, function(part) part$variance)^2 / own)))
  }
  list(
    judgments = length(x), correct = sum(x), estimate = estimate, error = error, degrees = degrees,
    equivalence = pt(max(0.5 - margin - estimate, estimate - 0.5 - margin) / error, degrees),
    difference = 2 * pt(-abs(estimate - 0.5) / error, degrees)
  )
}

# The mean of the accuracies on both kinds of story, of some of the judgments.
accuracy <- function(kept) {
  x <- right[kept]; group <- judgments$origin[kept]
  weight <- if (equal_reader_weights) 1 / ave(x, judgments$participant[kept], group, FUN = length) else rep(1, length(x))
  means <- tapply(weight * x, group, sum) / tapply(weight, group, sum)
  if (length(means) < 2) NA else mean(means)
}
`;

const furtherTablesR = ({ stimuli, participants }: NonNullable<CheckedTable["furtherTables"]>): string =>
  [
    [stimuli, "stimulus"],
    [participants, "participant"],
  ]
    .map(
      ([file, key]) =>
        `  if (is.null(found) && file.exists("${file}")) {\n    more <- read.csv("${file}", stringsAsFactors = FALSE, na.strings = "", encoding = "UTF-8")\n    found <- more[[name]][match(judgments$${key}, more$${key})]\n  }\n`,
    )
    .join("");

const weights = {
  overall: "c(human = 0.5, machine = 0.5)",
  human: "c(human = 1)",
  machine: "c(machine = 1)",
} as const;

function shareChecks(of: keyof typeof weights, share: z.infer<typeof Share>): string {
  const checks: [string, string, number][] = [
    ["judgments", "judgments", share.judgments],
    ["right", "correct", share.correct],
    ["accuracy", "estimate", share.estimate],
    ["standard error", "error", share.standardError],
    ["degrees of freedom", "degrees", share.degrees],
    ["p, equivalence", "equivalence", share.equivalenceP],
    ["p, difference", "difference", share.differenceP],
  ];
  return [
    `found <- share(${weights[of]})`,
    ...checks.map(([name, field, expected]) => `check("${of}: ${name}", found$${field}, ${expected})`),
    "",
  ].join("\n");
}

/** Who can tell, by Fisher's exact test and Holm; whether readers differ, by the program's own permutations. */
function readersChecks({ readers }: VerdictNumbers): string[] {
  if (!readers || readers.heterogeneity.draws === 0) return [];
  const { heterogeneity, named } = readers;
  return [
    `# Fisher's exact test for each reader who judged both kinds of story, with Holm's correction.
human <- judgments$origin == "human"
said <- judgments$response == "human"
scores <- do.call(rbind, lapply(split(data.frame(human, said), judgments$participant), function(own)
  data.frame(hits = sum(own$human & own$said), human = sum(own$human), machine = sum(!own$human), said = sum(own$said))))
scores <- subset(scores, human > 0 & machine > 0)
names_p <- p.adjust(phyper(scores$hits - 1, scores$human, scores$machine, scores$said, lower.tail = FALSE), "holm")
check("readers shown to be able to tell", sum(names_p <= ${named.length > 0 ? Math.max(...named.map(({ holm }) => holm)) * (1 + 1e-9) : 0}), ${named.length})

# Whether readers differ: permutes the answers to each story among its readers.
set.seed(1)
judged <- ave(right, judgments$participant, judgments$origin, FUN = length)
both <- judgments$participant %in% rownames(scores)
precision <- 1 / (1 / scores$human + 1 / scores$machine)
statistic <- function(x) {
  off <- (x - ave(x, judgments$stimulus)) / judged / 2
  sum(precision * tapply(off[both], judgments$participant[both], sum)[rownames(scores)]^2)
}
draws <- if (length(right) > 20000) 99 else 499
found <- statistic(right)
permuted <- replicate(draws, statistic(ave(right, judgments$stimulus, FUN = function(y) y[sample.int(length(y))])))
check("readers differ, p by permutation", (1 + sum(permuted >= found * (1 - 1e-12))) / (1 + draws), ${heterogeneity.p}, ${4 * Math.sqrt((heterogeneity.p * (1 - heterogeneity.p) + 0.002) / 499)} * sqrt(499 / draws))
`,
  ];
}

function mixedChecks(mixed: z.infer<typeof MixedNumbers>): string {
  const { coefficients, deviations, logLikelihood, formula, singular } = mixed;
  const expected = (effect: string) => coefficients.find((one) => one.effect === effect)!;
  // In a singular fit these depend on how close to 0 a program stops.
  const errors: [string, string, number][] = singular
    ? []
    : [["standard error of origin", 'sqrt(vcov(fit)["origin", "origin"])', expected("origin").standardError]];
  const spreads = Object.entries(deviations)
    .filter(([, deviation]) => deviation > 0.1)
    .map(([name, deviation]): [string, string, number] => {
      const [term, unit] = name.includes(" by ") ? name.split(" by ") : ["(Intercept)", name];
      return [`SD of ${name}`, `deviation("${columns[unit!] ?? unit}", "${term}")`, deviation];
    });
  const tests: [string, string, number][] = [
    ["log-likelihood", "as.numeric(logLik(fit))", logLikelihood],
    ["intercept (bias)", 'fixef(fit)[["(Intercept)"]]', expected("intercept").estimate],
    ["origin", 'fixef(fit)[["origin"]]', expected("origin").estimate],
    ...errors,
    ...spreads,
  ];
  return [
    'if (requireNamespace("lme4", quietly = TRUE)) {',
    "  suppressPackageStartupMessages(library(lme4))",
    '  model <- transform(judgments, human = as.numeric(response == "human"), origin = ifelse(origin == "human", 0.5, -0.5))',
    ...(formula.includes("title") ? ['  model$title <- label("title", judgments$stimulus)'] : []),
    `  fit <- suppressWarnings(suppressMessages(glmer(${formula}, data = model, family = binomial,`,
    '    control = glmerControl(optimizer = "bobyqa", tolPwrss = 1e-12, optCtrl = list(rhoend = 1e-8, maxfun = 1e5)))))',
    "  spread <- as.data.frame(VarCorr(fit))",
    '  deviation <- function(unit, term) spread$sdcor[sub("[.][0-9]+$", "", spread$grp) == unit & spread$var1 == term]',
    // lme4's tolerance is lower, and its standard errors are from second differences.
    ...tests.map(
      ([name, value, expectedValue]) =>
        `  check("mixed model: ${name}", unname(${value}), ${expectedValue}, 0.01)`,
    ),
    "} else {",
    '  cat("lme4 is not installed; the mixed model was not checked\\n")',
    "}",
    "",
  ].join("\n");
}

/** d' and c of the mean reader by a probit model in lme4; the areas under the ROC curve in base R. */
function detectionChecks({ meanReader, roc }: DetectionNumbers): string[] {
  const model = meanReader && [
    'if (requireNamespace("lme4", quietly = TRUE)) {',
    "  suppressPackageStartupMessages(library(lme4))",
    '  model <- transform(judgments, human = as.numeric(response == "human"), origin = ifelse(origin == "human", 0.5, -0.5))',
    ...(meanReader.formula.includes("title") ? ['  model$title <- label("title", judgments$stimulus)'] : []),
    `  fit <- suppressWarnings(suppressMessages(glmer(${meanReader.formula}, data = model, family = binomial("probit"),`,
    '    control = glmerControl(optimizer = "bobyqa", tolPwrss = 1e-12, optCtrl = list(rhoend = 1e-8, maxfun = 1e5)))))',
    "  spread <- as.data.frame(VarCorr(fit))",
    '  deviation <- function(unit, term) sum(spread$sdcor[sub("[.][0-9]+$", "", spread$grp) == unit & spread$var1 == term])',
    '  scale <- 1 / sqrt(1 + deviation("stimulus", "(Intercept)")^2 + deviation("title", "(Intercept)")^2 + deviation("title", "origin")^2 / 4)',
    `  check("probit model: log-likelihood", as.numeric(logLik(fit)), ${meanReader.logLikelihood}, 1e-4)`,
    `  check("mean reader: d'", scale * fixef(fit)[["origin"]], ${meanReader.sensitivity.value}, 0.005)`,
    `  check("mean reader: c", -scale * fixef(fit)[["(Intercept)"]], ${meanReader.criterion.value}, 0.005)`,
    `  check("SD of d' between readers", scale * deviation("participant", "origin"), ${meanReader.sensitivity.spread}, 0.01)`,
    `  check("SD of c between readers", scale * deviation("participant", "(Intercept)"), ${meanReader.criterion.spread}, 0.01)`,
    "} else {",
    '  cat("lme4 is not installed; the probit model was not checked\\n")',
    "}",
    "",
  ];
  const areas = roc && [
    "# The area under the ROC curve from confidence: how often a human story is rated above a machine story.",
    "if (!is.null(judgments$confidence)) {",
    'rated <- data.frame(reader = judgments$participant, human = judgments$origin == "human",',
    '  rating = ifelse(judgments$response == "human", 1, -1) * as.numeric(judgments$confidence))',
    "rated <- subset(rated, !is.na(rating))",
    "area <- function(own) {",
    "  ranks <- rank(own$rating)",
    "  n <- sum(own$human)",
    "  (sum(ranks[own$human]) - n * (n + 1) / 2) / n / sum(!own$human)",
    "}",
    `check("AUC, pooled", area(rated), ${roc.pooled.value})`,
    ...(roc.mean
      ? [
          "both <- names(which(tapply(rated$human, rated$reader, function(x) any(x) && any(!x))))",
          `check("AUC, mean reader", mean(sapply(split(rated, rated$reader)[both], area)), ${roc.mean.value})`,
        ]
      : []),
    "}",
    "",
  ];
  return [model, areas].flatMap((lines) => (lines ? [lines.join("\n")] : []));
}

/** The labels of the judgments by what is left out. */
const unitsR: Readonly<Record<string, string>> = {
  title: "ifelse(is.na(judgments$title), judgments$stimulus, judgments$title)",
  story: "judgments$stimulus",
  reader: "judgments$participant",
  form: "judgments$form",
};

/** The smallest margin, the other weighting, and accuracy without each unit in turn. */
function robustnessChecks({
  smallestMargin,
  alpha,
  alternatives,
  leftOut,
}: z.infer<typeof RobustnessNumbers>): string {
  const other = alternatives.find(({ name }) => /^Equal weight/.test(name));
  return [
    ...(smallestMargin === null
      ? []
      : [
          "# The smallest margin at which all three accuracies are equivalent to guessing.",
          `needed <- sapply(list(${Object.values(weights).join(", ")}), function(weights) {`,
          "  found <- share(weights)",
          `  abs(found$estimate - 0.5) + qt(1 - ${alpha}, found$degrees) * found$error`,
          "})",
          `check("robustness: smallest margin", max(needed), ${smallestMargin})`,
        ]),
    ...(other && other.estimate !== null && other.standardError !== null
      ? [
          "equal_reader_weights <- !equal_reader_weights",
          `found <- share(${weights.overall})`,
          "equal_reader_weights <- !equal_reader_weights",
          `check("other weighting: accuracy", found$estimate, ${other.estimate})`,
          `check("other weighting: standard error", found$error, ${other.standardError})`,
        ]
      : []),
    "# Accuracy without each unit in turn; in a large table this would take minutes.",
    ...leftOut.map(({ unit, units, low, high }) =>
      [
        `unit <- ${unitsR[unit]}`,
        "if (!is.null(unit) && length(unique(unit)) * length(unit) <= 2e7) {",
        "  without <- sapply(split(seq_along(unit), unit), function(own) accuracy(-own))",
        `  check("without a ${unit}: number", sum(!is.na(without)), ${units})`,
        `  check("without a ${unit}: lowest accuracy", min(without, na.rm = TRUE), ${low})`,
        `  check("without a ${unit}: highest accuracy", max(without, na.rm = TRUE), ${high})`,
        "}",
      ].join("\n"),
    ),
    "",
  ].join("\n");
}

/** Changes of d' and c with practice and with time, by lme4, and accuracy in groups of similar size. */
function trendChecks(practice: z.infer<typeof PracticeNumbers>): string[] {
  const trends = [
    {
      name: "practice",
      trend: practice.trial,
      column: "order",
      value: "known$order / 10 - mean(known$order / 10)",
    },
    {
      name: "time",
      trend: practice.time,
      column: "ms",
      value: "log2(known$ms) - ave(log2(known$ms), known$participant)",
    },
  ];
  return trends.flatMap(({ name, trend, column, value }) =>
    trend
      ? [
          [
            `if (!is.null(judgments$${column})) {`,
            `  rows <- which(!is.na(judgments$${column}) & judgments$${column} > 0)`,
            "  known <- judgments[rows, ]",
            `  known$change <- ${value}`,
            "  cuts <- sort(known$change)[floor(c(0.2, 0.4, 0.6, 0.8) * nrow(known)) + 1]",
            "  group <- rowSums(outer(known$change, cuts, function(one, cut) one >= cut))",
            "  by_group <- sapply(split(rows, group), accuracy)",
            ...trend.accuracy.flatMap(({ accuracy, judgments }, at) => [
              `  check("${name}, group ${at + 1}: judgments", sum(group == sort(unique(group))[${at + 1}]), ${judgments})`,
              ...(accuracy === null
                ? []
                : [`  check("${name}, group ${at + 1}: accuracy", by_group[[${at + 1}]], ${accuracy})`]),
            ]),
            ...trendModelR(name, trend),
            "}",
            "",
          ].join("\n"),
        ]
      : [],
  );
}

function trendModelR(
  name: string,
  {
    titles = false,
    logLikelihood,
    coefficients,
    deviations,
    sensitivity,
    criterion,
  }: z.infer<typeof TrendNumbers>,
): string[] {
  if (logLikelihood === undefined || !coefficients || !deviations || !sensitivity || !criterion) return [];
  const start = Object.entries(deviations).map(([deviation, value]) => {
    const [slope, unit] = deviation.includes(" by ") ? deviation.split(" by ") : ["(Intercept)", deviation];
    const term = { "skill change": "skill" }[slope!] ?? slope;
    return `"${columns[unit!] ?? unit} ${term}" = ${value}`;
  });
  return [
    '  if (requireNamespace("lme4", quietly = TRUE)) {',
    "    suppressPackageStartupMessages(library(lme4))",
    '    known <- transform(known, human = as.numeric(response == "human"), origin = ifelse(origin == "human", 0.5, -0.5))',
    "    known$skill <- known$change * known$origin",
    ...(titles ? ['    known$title <- label("title", judgments$stimulus)[rows]'] : []),
    `    model <- human ~ origin + change + skill + (1 + origin + change + skill || participant) + (1 + change || stimulus)${titles ? " + (1 + origin || title)" : ""}`,
    "    # lme4 starts at the study's estimates: from elsewhere it takes minutes and may stop at a lower likelihood.",
    '    terms <- glFormula(model, data = known, family = binomial("probit"))$reTrms$cnms',
    '    units <- sub("[.][0-9]+$", "", names(terms))',
    `    theta <- c(${start.join(", ")})[paste(units, unlist(terms))]`,
    '    fit <- suppressWarnings(suppressMessages(glmer(model, data = known, family = binomial("probit"),',
    `      start = list(theta = unname(theta), fixef = c(${coefficients.join(", ")})),`,
    '      control = glmerControl(optimizer = "bobyqa", nAGQ0initStep = FALSE, tolPwrss = 1e-12, optCtrl = list(rhobeg = 0.02, rhoend = 1e-6, maxfun = 1e5)))))',
    "    spread <- as.data.frame(VarCorr(fit))",
    '    deviation <- function(unit, term) sum(spread$sdcor[sub("[.][0-9]+$", "", spread$grp) == unit & spread$var1 == term])',
    '    scale <- 1 / sqrt(1 + deviation("stimulus", "(Intercept)")^2 + deviation("title", "(Intercept)")^2 + deviation("title", "origin")^2 / 4)',
    `    check("${name}: log-likelihood", as.numeric(logLik(fit)), ${logLikelihood}, 1e-4)`,
    `    check("${name}: change of d'", scale * fixef(fit)[["skill"]], ${sensitivity.value}, 0.005)`,
    `    check("${name}: change of c", -scale * fixef(fit)[["change"]], ${criterion.value}, 0.005)`,
    `    check("${name}: SD of the change of d'", scale * deviation("participant", "skill"), ${sensitivity.spread}, 0.02)`,
    `    check("${name}: SD of the change of c", scale * deviation("participant", "change"), ${criterion.spread}, 0.02)`,
    "  } else {",
    `    cat("lme4 is not installed; the model of ${name} was not checked\\n")`,
    "  }",
  ];
}

const columns: Readonly<Record<string, string>> = { reader: "participant", story: "stimulus" };

const rFooter = `if (differing > 0) stop(differing, " figures differ")
cat("all figures agree\\n")
`;
