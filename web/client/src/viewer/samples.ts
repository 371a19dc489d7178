/** Raw sample bytes, little-endian, to the 16-bit patterns and RGBA that the renderers take. Pure. */

export interface Patterns {
  readonly patterns: Uint16Array;
  /** For samples rescaled to 16 bits: value = pattern × scale + offset. */
  readonly scale: number;
  readonly offset: number;
  readonly rescaled: boolean;
}

/** 16-bit patterns of samples of any type; 32-bit and floating-point samples are rescaled to their own range. */
export function patterns16(bytes: Uint8Array, type: string): Patterns {
  const whole = { scale: 1, offset: 0, rescaled: false };
  if (type === 'u8') return { patterns: Uint16Array.from(bytes), ...whole };
  if (type === 'i8')
    return { patterns: new Uint16Array(Int16Array.from(new Int8Array(aligned(bytes))).buffer), ...whole };
  if (type === 'u16' || type === 'i16') return { patterns: new Uint16Array(aligned(bytes)), ...whole };
  return rescaled(wide(aligned(bytes), type));
}

type Wide = Uint32Array | Int32Array | Float32Array | Float64Array;

function wide(buffer: ArrayBuffer, type: string): Wide {
  switch (type) {
    case 'u32':
      return new Uint32Array(buffer);
    case 'i32':
      return new Int32Array(buffer);
    case 'f32':
      return new Float32Array(buffer);
    case 'f64':
      return new Float64Array(buffer);
    default:
      throw new Error(`Samples of type ${type} cannot be shown.`);
  }
}

function rescaled(values: Wide): Patterns {
  let [lowest, highest] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  if (!Number.isFinite(lowest) || !Number.isFinite(highest)) [lowest, highest] = [0, 0];
  const scale = (highest - lowest) / 65535 || 1;
  const patterns = new Uint16Array(values.length);
  for (let at = 0; at < values.length; at++) patterns[at] = Math.round((values[at]! - lowest) / scale);
  return { patterns, scale, offset: lowest, rescaled: true };
}

/** Interleaved 8-bit RGB to opaque RGBA. */
export function rgbaOf(bytes: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const count = Math.floor(bytes.length / 3);
  const rgba = new Uint8ClampedArray(count * 4);
  for (let from = 0, to = 0; to < rgba.length; from += 3, to += 4) {
    rgba[to] = bytes[from]!;
    rgba[to + 1] = bytes[from + 1]!;
    rgba[to + 2] = bytes[from + 2]!;
    rgba[to + 3] = 255;
  }
  return rgba;
}

/** A copy of the bytes in a buffer of their own, so that a wider type may look at it. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer;
}
