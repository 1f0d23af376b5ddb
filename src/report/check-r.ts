import { z } from "zod";
import type { Findings } from "../study/finding.ts";

/** What of our figures an independent program can be held against. */
const Share = z.object({
  judgments: z.number(),
  correct: z.number(),
  estimate: z.number(),
  standardError: z.number(),
  degrees: z.number(),
  equivalenceP: z.number(),
  differenceP: z.number(),
});
const VerdictNumbers = z.object({ overall: Share, human: Share, machine: Share });
const MixedNumbers = z.object({
  fitted: z.literal(true),
  singular: z.boolean(),
  logLikelihood: z.number(),
  coefficients: z.array(z.object({ effect: z.string(), estimate: z.number(), standardError: z.number() })),
  deviations: z.object({ reader: z.number(), story: z.number() }),
});

/** The judgments that a program checks, and the margin that they were held against. */
interface Judged {
  readonly margin: number;
  /** The table, as seen from where the program lies. */
  readonly table: string;
  /** The column that is true where the figures stand on a judgment; none where they stand on all of the table. */
  readonly only?: string;
}

/**
 * A program in R, `check.R`, with which a reviewer computes the main figures anew from a table of judgments: the
 * clustered errors and both tests in base R, the mixed model with lme4. It names what differs and then fails. Undefined where
 * there is no verdict to check.
 */
export function checkR(found: readonly Findings[], judged: Judged): string | undefined {
  const numbersOf = (name: string) => found.find(({ analysis }) => analysis === name)?.numbers;
  const verdict = VerdictNumbers.safeParse(numbersOf("verdict"));
  if (!verdict.success) return undefined;
  const mixed = MixedNumbers.safeParse(numbersOf("mixed-model"));
  const onlyOrigin =
    mixed.success && mixed.data.coefficients.every(({ effect }) => ["leaning", "origin"].includes(effect));
  return [
    opening(judged),
    ...(["overall", "human", "machine"] as const).map((of) => shareChecks(of, verdict.data[of])),
    ...(mixed.success && onlyOrigin && !mixed.data.singular ? [mixedChecks(mixed.data)] : []),
    ending,
  ].join("\n");
}

const opening = ({
  margin,
  table,
  only,
}: Judged): string => `# Checks the study's main figures from ${table}, without Tiny Love:
#   Rscript check.R
# Base R for the clustered errors and both tests; lme4 for the mixed model, where it is installed.

judgments <- read.csv("${table}", stringsAsFactors = FALSE, na.strings = "", encoding = "UTF-8")
${only ? `judgments <- subset(judgments, ${only})\n` : ""}right <- as.numeric(judgments$response == judgments$origin)
margin <- ${margin}
differing <- 0

check <- function(what, theirs, ours, tolerance = 1e-6) {
  agrees <- isTRUE(abs(theirs - ours) <= tolerance * max(1, abs(ours)))
  cat(sprintf("%-6s %-34s here %.8f  study %.8f\\n", if (agrees) "ok" else "DIFFER", what, theirs, ours))
  if (!agrees) differing <<- differing + 1
}

# Variance of a weighted sum of group means by one way of clustering: how far it moves when each cluster is left out
# (the jackknife's CV3), within its own origin where clusters lie within origins. Uneven clusters count as fewer even
# ones, (sum of n)^2 / sum of n^2, in the degrees of freedom.
way <- function(residual, cluster, group) {
  cell <- paste(cluster, group, sep = "\\r")
  first <- function(x) tapply(x, cell, function(y) y[1])
  count <- tapply(residual, cell, length)
  move <- tapply(tapply(residual, cell, sum) / (table(group)[first(group)] - count), first(cluster), sum)
  size <- tapply(count, first(cluster), sum)
  nested <- all(table(first(cluster)) == 1)
  stratum <- if (nested) tapply(first(group), first(cluster), function(x) x[1]) else rep("all", length(move))
  clusters <- tapply(move, stratum, length)
  variance <- (clusters - 1) / clusters * tapply(move^2, stratum, sum)
  degrees <- (clusters - 1) / clusters * tapply(size, stratum, sum)^2 / tapply(size^2, stratum, sum)
  list(variance = sum(variance), degrees = if (sum(variance) > 0) sum(variance)^2 / sum(variance^2 / degrees) else min(degrees))
}

# Readers and stories together: V1 + V2 - V12, never below the larger (Cameron, Gelbach and Miller 2011), nor below
# what independent judgments would have.
share <- function(weights) {
  kept <- judgments$origin %in% names(weights)
  x <- right[kept]; group <- judgments$origin[kept]
  residual <- weights[group] * (x - tapply(x, group, mean)[group])
  reader <- way(residual, judgments$participant[kept], group)
  story <- way(residual, judgments$stimulus[kept], group)
  both <- way(residual, paste(judgments$participant, judgments$stimulus, sep = "\\r")[kept], group)
  clustered <- max(reader$variance, story$variance, reader$variance + story$variance - both$variance)
  rate <- tapply(x, group, function(y) (sum(y) + 1) / (length(y) + 2))
  independent <- sum(weights^2 * rate[names(weights)] * (1 - rate[names(weights)]) / tapply(x, group, length)[names(weights)])
  estimate <- sum(weights * tapply(x, group, mean)[names(weights)])
  error <- sqrt(max(clustered, independent))
  degrees <- min(reader$degrees, story$degrees)
  list(
    judgments = length(x), correct = sum(x), estimate = estimate, error = error, degrees = degrees,
    equivalence = pt(max(0.5 - margin - estimate, estimate - 0.5 - margin) / error, degrees),
    difference = 2 * pt(-abs(estimate - 0.5) / error, degrees)
  )
}
`;

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
    ...checks.map(([name, field, ours]) => `check("${of}: ${name}", found$${field}, ${ours})`),
    "",
  ].join("\n");
}

function mixedChecks({ coefficients, deviations, logLikelihood }: z.infer<typeof MixedNumbers>): string {
  const ours = (effect: string) => coefficients.find((one) => one.effect === effect)!;
  const tests: [string, string, number][] = [
    ["log-likelihood", "as.numeric(logLik(fit))", logLikelihood],
    ["leaning", 'fixef(fit)[["(Intercept)"]]', ours("leaning").estimate],
    ["origin", 'fixef(fit)[["origin"]]', ours("origin").estimate],
    ["standard error of origin", 'sqrt(vcov(fit)["origin", "origin"])', ours("origin").standardError],
    ["deviation of readers", 'attr(VarCorr(fit)$participant, "stddev")', deviations.reader],
    ["deviation of stories", 'attr(VarCorr(fit)$stimulus, "stddev")', deviations.story],
  ];
  return [
    'if (requireNamespace("lme4", quietly = TRUE)) {',
    "  suppressPackageStartupMessages(library(lme4))",
    '  model <- transform(judgments, human = as.numeric(response == "human"), origin = ifelse(origin == "human", 0.5, -0.5))',
    "  fit <- glmer(human ~ origin + (1 | participant) + (1 | stimulus), data = model, family = binomial,",
    '    control = glmerControl(optimizer = "bobyqa", tolPwrss = 1e-12, optCtrl = list(rhoend = 1e-8)))',
    // lme4 stops where its own tolerance lets it, and standard errors follow from second differences.
    ...tests.map(
      ([name, value, ours_]) => `  check("mixed model: ${name}", unname(${value}), ${ours_}, 0.01)`,
    ),
    "} else {",
    '  cat("lme4 is not installed: the mixed model is not checked\\n")',
    "}",
    "",
  ].join("\n");
}

const ending = `if (differing > 0) stop(differing, " figures differ")
cat("all figures agree\\n")
`;
