#!/bin/sh
# Kills the survey's server a hundred times under load and compares what it acknowledged with what it stored.
# The same test runs with four kills in the test suite.
TINYLOVE_KILLS="${1:-100}" npx vitest run test/serve/kill.test.ts -t "nothing acknowledged"
