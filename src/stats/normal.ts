/**
 * P(Z <= z) of the standard normal. Relative error below 1e-15 in both tails, so that `normalCdf(-38)` is
 * 2.9e-316 and not 0. Rational approximations of W. J. Cody (1969), Mathematics of Computation 23, 631-637,
 * arranged as in his algorithm ANORM. Throws RangeError when `z` is not a number.
 */
export function normalCdf(z: number): number {
  if (Number.isNaN(z)) throw new RangeError("the normal distribution needs a number: NaN");
  const size = Math.abs(z);
  if (size === Infinity) return z > 0 ? 1 : 0;
  if (size <= 0.67448975) return 0.5 + centre(z);
  const tail = size <= Math.sqrt(32) ? middleTail(size) : farTail(size);
  return z > 0 ? 1 - tail : tail;
}

/** P(Z > z), precise where it is tiny. */
export function normalSurvival(z: number): number {
  return normalCdf(-z);
}

/** The density of the standard normal at `z`. */
export function normalDensity(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}

/**
 * The quantile of the standard normal: -Infinity at 0, Infinity at 1.
 * Relative error about 1e-16: algorithm AS 241 (PPND16), Wichura (1988), Applied Statistics 37, 477-484.
 * Throws RangeError outside [0, 1].
 */
export function normalQuantile(probability: number): number {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`a probability must be from 0 to 1: ${probability}`);
  }
  if (probability === 0) return -Infinity;
  if (probability === 1) return Infinity;
  const fromCentre = probability - 0.5;
  if (Math.abs(fromCentre) <= 0.425) {
    const r = 0.180625 - fromCentre * fromCentre;
    return (fromCentre * polynomial(quantileCentreNumerator, r)) / polynomial(quantileCentreDenominator, r);
  }
  const r = Math.sqrt(-Math.log(fromCentre < 0 ? probability : 1 - probability));
  const size =
    r <= 5
      ? polynomial(quantileTailNumerator, r - 1.6) / polynomial(quantileTailDenominator, r - 1.6)
      : polynomial(quantileFarNumerator, r - 5) / polynomial(quantileFarDenominator, r - 5);
  return fromCentre < 0 ? -size : size;
}

/** Coefficients start with the constant. */
function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}

function centre(z: number): number {
  const square = z * z;
  return (z * polynomial(centreNumerator, square)) / polynomial(centreDenominator, square);
}

function middleTail(size: number): number {
  return scaledByDensity(size, polynomial(middleNumerator, size) / polynomial(middleDenominator, size));
}

function farTail(size: number): number {
  const inverse = 1 / (size * size);
  const correction = (inverse * polynomial(farNumerator, inverse)) / polynomial(farDenominator, inverse);
  return scaledByDensity(size, (1 / Math.sqrt(2 * Math.PI) - correction) / size);
}

/** exp(-z^2/2) loses digits when z^2 is rounded, so z is rounded to a sixteenth and the remainder added separately. */
function scaledByDensity(size: number, value: number): number {
  const coarse = Math.trunc(size * 16) / 16;
  const rest = (size - coarse) * (size + coarse);
  return Math.exp(-0.5 * coarse * coarse) * Math.exp(-0.5 * rest) * value;
}

const centreNumerator = [
  18154.98125334356, 1067.6894854603709, 161.02823106855587, 2.2352520354606837, 0.06568233791820745,
];
const centreDenominator = [45507.78933502673, 10260.932208618979, 976.0985517377767, 47.202581904688245, 1];
const middleNumerator = [
  9842.714838383978, 11602.65143764735, 6848.190450536283, 2494.5375852903726, 597.2702763948002,
  93.50665613217785, 8.883149794388377, 0.39894151208813466, 1.0765576773720192e-8,
];
const middleDenominator = [
  19685.429676859992, 38912.00328609327, 34900.95272114598, 18615.571640885097, 6485.558298266761,
  1519.3775994075547, 235.387901782625, 22.266688044328117, 1,
];
const farNumerator = [
  2.9112874951168793e-5, 0.0014216191932278934, 0.022235277870649807, 0.12740116116024736, 0.215898534057957,
  0.023073441764940174,
];
const farDenominator = [
  7.297515550839662e-5, 0.0037823963320275824, 0.06598813786892856, 0.4682382124808651, 1.284260096144911, 1,
];
const quantileCentreNumerator = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
  67265.7709270087, 33430.57558358813, 2509.0809287301227,
];
const quantileCentreDenominator = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
  28729.085735721943, 5226.495278852546,
];
const quantileTailNumerator = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
  0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
];
const quantileTailDenominator = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
];
const quantileFarNumerator = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
  0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
];
const quantileFarDenominator = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133,
  1.8463183175100548e-5, 1.421511758316446e-7, 2.0442631033899397e-15,
];
