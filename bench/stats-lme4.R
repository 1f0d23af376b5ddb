# Fits `y ~ x + (1 | reader) + (1 | story)` to each CSV named on the command line; prints one JSON line for each.
suppressMessages(library(lme4))
options(warn = -1)
control <- glmerControl(optimizer = "bobyqa", tolPwrss = 1e-12, optCtrl = list(rhoend = 1e-9, maxfun = 1e5), calc.derivs = TRUE)
for (file in commandArgs(trailingOnly = TRUE)) {
  d <- read.csv(file)
  seconds <- system.time(fit <- suppressMessages(glmer(y ~ x + (1 | reader) + (1 | story), data = d, family = binomial, control = control)))[["elapsed"]]
  plain <- system.time(suppressMessages(glmer(y ~ x + (1 | reader) + (1 | story), data = d, family = binomial)))[["elapsed"]]
  sd <- sapply(VarCorr(fit), function(v) sqrt(v[1, 1]))
  n <- function(x) paste0("[", paste(sprintf("%.12g", x), collapse = ","), "]")
  cat(sprintf('{"coefficients":%s,"errors":%s,"otherErrors":%s,"reader":%.12g,"story":%.12g,"logLikelihood":%.12g,"seconds":%.4g,"defaultSeconds":%.4g}\n',
    n(fixef(fit)), n(sqrt(diag(as.matrix(vcov(fit))))), n(sqrt(diag(as.matrix(vcov(fit, use.hessian = FALSE))))), sd[["reader"]], sd[["story"]], as.numeric(logLik(fit)), seconds, plain))
}
