/** Discipline colours are chosen for paper; on the dark of the reading room and on images they are made light enough. */

/** Contrast with the dark ground that words and shapes on it need (WCAG 2.2 SC 1.4.3). */
const ENOUGH = 5.5;
const DARK_LUMINANCE = 0.009;

/** The same hue, mixed with as little white as gives enough contrast on the dark ground. */
export function onDark(hex: string): string {
  const channels = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  if (channels.some(Number.isNaN)) return hex;
  for (let white = 0; white < 1; white += 0.05) {
    const mixed = channels.map((channel) => Math.round(channel + (255 - channel) * white));
    if ((luminance(mixed) + 0.05) / (DARK_LUMINANCE + 0.05) >= ENOUGH) return toHex(mixed);
  }
  return '#ffffff';
}

/** Relative luminance of sRGB channels, 0 to 255 each (WCAG 2.2). */
function luminance(channels: readonly number[]): number {
  const [red, green, blue] = channels.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function toHex(channels: readonly number[]): string {
  return `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}
