/**
 * The colours of a report, by role, for light and dark paper. Figures name them as CSS variables (`var(--human)`),
 * so that one drawing serves both schemes; every pair of text and paper has a contrast of at least 4.5 to 1.
 */
export const palette = {
  light: {
    paper: "#fdfcf8",
    ink: "#24211c",
    muted: "#6b645a",
    rule: "#ddd7ca",
    wash: "#f4f1e8",
    human: "#b02a4c",
    machine: "#24618f",
    all: "#24211c",
    band: "#e3ead9",
    bandInk: "#4c6236",
    warning: "#8a5200",
    warningWash: "#fdf1d8",
    markWash: "#f7dcaa",
  },
  dark: {
    paper: "#191816",
    ink: "#ece7dc",
    muted: "#aaa294",
    rule: "#3d3a34",
    wash: "#23211e",
    human: "#f58ea5",
    machine: "#8cbfe8",
    all: "#ece7dc",
    band: "#2b3524",
    bandInk: "#afc797",
    warning: "#f0bb62",
    warningWash: "#332812",
    markWash: "#6b4a12",
  },
} as const;

export type ColourRole = keyof typeof palette.light;

/** The CSS variable of a role. */
export const colour = (role: ColourRole): string => `var(--${role})`;

/** The variables of one scheme as CSS declarations. */
export const cssVariables = (scheme: keyof typeof palette): string =>
  Object.entries(palette[scheme])
    .map(([role, value]) => `--${role}: ${value};`)
    .join(" ");

/** A drawing with light colours instead of CSS variables, which word processors and LaTeX do not support. */
export const withLightColours = (svg: string): string =>
  svg
    .replace(/var\(--(\w+)\)/g, (whole, role: string) => palette.light[role as ColourRole] ?? whole)
    .replace(/var\(--\w+, ([^)]*)\)/g, "$1");
