/** A minimum of a smooth function. */
export interface Minimum {
  readonly at: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
  readonly converged: boolean;
  readonly steps: number;
}

/** A function's value and gradient at a point; a value of Infinity marks an impossible point. */
export type Differentiable = (point: Float64Array) => {
  readonly value: number;
  readonly gradient: Float64Array;
};

/**
 * The minimum near `start` by the quasi-Newton method of Broyden, Fletcher, Goldfarb and Shanno, with a
 * backtracking line search (Nocedal and Wright 2006, algorithm 6.1). Converged if the expected decrease of the next
 * step is below `tolerance`: for a deviance and 1e-9 this is within 1e-4 standard errors of the minimum.
 */
export function minimise(
  evaluate: Differentiable,
  start: Float64Array,
  { tolerance = 1e-9, mostSteps = 200 } = {},
): Minimum {
  const size = start.length;
  let at = Float64Array.from(start);
  let { value, gradient } = evaluate(at);
  let inverse = scaledIdentity();
  let fresh = true;
  let steps = 0;
  for (; steps < mostSteps; steps++) {
    const direction = product(inverse, gradient, -1);
    const slope = dot(direction, gradient);
    // The expected decrease on a parabola; a fresh matrix has no curvature information yet.
    const done = -slope / 2 <= tolerance;
    if (done && (!fresh || norm(gradient) <= tolerance)) return finish(true);
    const found = done ? undefined : lineSearch(evaluate, at, value, direction, slope);
    if (found === undefined) {
      // Retries with a fresh matrix; if that fails too, the limit of double precision is reached.
      if (fresh) return finish(norm(gradient) <= 1e-6 * Math.max(1, Math.abs(value)));
      inverse = scaledIdentity();
      fresh = true;
      continue;
    }
    updateInverse(inverse, difference(found.at, at), difference(found.gradient, gradient), fresh);
    fresh = false;
    ({ at, value, gradient } = found);
  }
  return finish(false);

  function scaledIdentity(): Float64Array {
    return identity(size, 1 / Math.max(1, norm(gradient)));
  }
  function finish(converged: boolean): Minimum {
    return { at, value, gradient, converged, steps };
  }
}

function lineSearch(
  evaluate: Differentiable,
  from: Float64Array,
  value: number,
  direction: Float64Array,
  slope: number,
): { at: Float64Array<ArrayBuffer>; value: number; gradient: Float64Array } | undefined {
  for (let length = 1; length > 1e-12; ) {
    const at = Float64Array.from(from, (x, index) => x + length * direction[index]!);
    const candidate = evaluate(at);
    if (candidate.value <= value + 1e-4 * length * slope) return { at, ...candidate };
    // The minimum of the parabola through both values and the slope.
    const minimum = (-slope * length * length) / (2 * (candidate.value - value - slope * length));
    length = Number.isFinite(minimum)
      ? Math.min(0.5 * length, Math.max(0.1 * length, minimum))
      : 0.1 * length;
  }
  return undefined;
}

/** The BFGS update of the inverse Hessian, left out where the curvature along the step is not positive. */
function updateInverse(
  inverse: Float64Array,
  step: Float64Array,
  change: Float64Array,
  fresh: boolean,
): void {
  const size = step.length;
  const curvature = dot(step, change);
  if (!(curvature > 1e-12 * norm(step) * norm(change))) return;
  if (fresh) inverse.set(identity(size, curvature / dot(change, change)));
  const changeTimesInverse = product(inverse, change, 1);
  const scale = (1 + dot(change, changeTimesInverse) / curvature) / curvature;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      inverse[row * size + column]! +=
        scale * step[row]! * step[column]! -
        (changeTimesInverse[row]! * step[column]! + step[row]! * changeTimesInverse[column]!) / curvature;
    }
  }
}

function identity(size: number, scale: number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let at = 0; at < size; at++) matrix[at * size + at] = scale;
  return matrix;
}

function product(matrix: Float64Array, vector: Float64Array, sign: number): Float64Array {
  const size = vector.length;
  return vector.map((_, row) => {
    let sum = 0;
    for (let column = 0; column < size; column++) sum += matrix[row * size + column]! * vector[column]!;
    return sign * sum;
  });
}

function dot(one: Float64Array, other: Float64Array): number {
  return one.reduce((sum, value, at) => sum + value * other[at]!, 0);
}

function difference(one: Float64Array, other: Float64Array): Float64Array {
  return one.map((value, at) => value - other[at]!);
}

function norm(vector: Float64Array): number {
  return Math.sqrt(dot(vector, vector));
}
