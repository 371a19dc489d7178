/**
 * A stack of slices as a volume, and orthogonal cuts through it. No value is interpolated: a cut is made of stored
 * values only, and its own pixel spacing says how tall and wide they are. Pure.
 */
import { cross, dot, minus, plus, planeOf, scaled, type Plane, type Vector } from './planes';
import type { FrameFacts, SeriesFacts } from './types';

export type Orthogonal = 'axial' | 'coronal' | 'sagittal';
export type Projection = 'max' | 'mean';

/** A slab of `2 × half + 1` layers, projected. */
export interface Slab {
  readonly half: number;
  readonly projection: Projection;
}

export const ONE_LAYER: Slab = { half: 0, projection: 'max' };

/** Larger volumes are not built: this is what one may take of the browser's memory. */
export const LARGEST_VOLUME_BYTES = 320 * 1024 * 1024;
const FEWEST_SLICES = 5;
/** Slices may be this far off their place, as a share of the gap between them, and at least a hundredth of a mm. */
const UNEVEN = 0.02;
/** Direction cosines that differ less are the same direction. */
const TURNED = 1e-3;

/** What all slices must have in common for their stored values to mean the same. */
const SCALES = ['slope', 'intercept', 'signed', 'sample', 'photometric'] as const;

/** Columns, rows and slices of the voxels, and where they lie in the patient. */
export interface Volume {
  readonly series: string;
  readonly size: readonly [number, number, number];
  /** Distance between voxels along each axis, mm. */
  readonly spacing: readonly [number, number, number];
  /** Unit vectors of the axes. */
  readonly axes: readonly [Vector, Vector, Vector];
  /** Centre of the first voxel. */
  readonly origin: Vector;
  /** The frame of the series that each slice is. */
  readonly order: readonly number[];
  readonly signed: boolean;
}

/** The volume of a series, or a sentence why it is none. */
export function volumeOf(series: SeriesFacts): Volume | string {
  const { frames } = series;
  const first = frames[0];
  if (series.colour) return 'Colour images are not cut anew.';
  if (first === undefined || frames.length < FEWEST_SLICES) return `It takes at least ${FEWEST_SLICES} slices.`;
  if (series.sample !== undefined && !/^[ui](8|16)$/.test(series.sample)) return 'Its samples have more than 16 bits.';
  const planes = frames.map((frame) => planeOf(series, frame));
  if (!planes.every((plane) => plane !== null)) return 'The place of some slices in the patient is not known.';
  const unlike = differing(series, planes, first);
  if (unlike !== null) return unlike;
  const bytes = first.columns * first.rows * frames.length * 2;
  if (bytes > LARGEST_VOLUME_BYTES) return `It is too large: ${Math.round(bytes / 2 ** 20)} MB.`;
  return stacked(series, planes);
}

function differing(series: SeriesFacts, planes: readonly Plane[], first: FrameFacts): string | null {
  const [head] = planes;
  const size = (frame: FrameFacts) => frame.columns === first.columns && frame.rows === first.rows;
  if (!series.frames.every(size)) return 'Its slices differ in size.';
  const spaced = (plane: Plane) =>
    Math.abs(plane.column_mm - head!.column_mm) < 1e-4 && Math.abs(plane.row_mm - head!.row_mm) < 1e-4;
  if (!planes.every(spaced)) return 'Its slices differ in pixel spacing.';
  const turned = (a: Vector, b: Vector) => dot(a, b) < 1 - TURNED;
  if (planes.some((plane) => turned(plane.across, head!.across) || turned(plane.down, head!.down)))
    return 'Its slices do not all lie in one direction.';
  const scale = (frame: FrameFacts) =>
    SCALES.every((name) => frame[name] === first[name]) && frame.colour === first.colour;
  return series.frames.every(scale) ? null : 'Its slices differ in the scale of their values.';
}

function stacked(series: SeriesFacts, planes: readonly Plane[]): Volume | string {
  const head = planes[0]!;
  const places = planes.map((plane, index) => ({ index, plane, at: dot(plane.position, head.normal) }));
  places.sort((a, b) => a.at - b.at);
  const [bottom, top] = [places[0]!, places.at(-1)!];
  const gap = (top.at - bottom.at) / (places.length - 1);
  const loose = Math.max(0.01, gap * UNEVEN);
  const uneven = (gapHere: number) => Math.abs(gapHere - gap) > loose;
  const gaps = places.slice(1).map((place, at) => place.at - places[at]!.at);
  if (gap < 1e-3 || gaps.some((one) => one < 1e-3)) return 'Several of its images lie in the same place.';
  if (gaps.some(uneven)) return 'Its slices are not evenly spaced.';
  const slanted = places.some(({ plane, at }) => {
    const expected = plus(bottom.plane.position, scaled(head.normal, at - bottom.at));
    return Math.hypot(...minus(plane.position, expected)) > Math.max(loose, head.column_mm / 2);
  });
  if (slanted) return 'Its slices are sheared against each other (a tilted gantry).';
  return {
    series: series.series,
    size: [series.frames[0]!.columns, series.frames[0]!.rows, places.length],
    spacing: [head.column_mm, head.row_mm, gap],
    axes: [head.across, head.down, head.normal],
    origin: bottom.plane.position,
    order: places.map(({ index }) => index),
    signed: series.signed,
  };
}

/** How a cut runs through the voxels: an axis of the volume for each direction, and whether it is run backwards. */
export interface Cut {
  readonly across: number;
  readonly down: number;
  readonly through: number;
  readonly back: readonly [boolean, boolean, boolean];
}

/** Directions to the right and downwards as images are hung: patient's right to the left, head or front up. */
const HUNG: Readonly<Record<Orthogonal, readonly [Vector, Vector]>> = {
  axial: [
    [1, 0, 0],
    [0, 1, 0],
  ],
  coronal: [
    [1, 0, 0],
    [0, 0, -1],
  ],
  sagittal: [
    [0, 1, 0],
    [0, 0, -1],
  ],
};

const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

/** The cut closest to a plane of the body that keeps to the axes of the volume. */
export function cutOf(volume: Volume, plane: Orthogonal): Cut {
  const [right, down] = HUNG[plane];
  const through = cross(right, down);
  const fits = ORDERS.map((order) =>
    [right, down, through].reduce((sum, wanted, at) => sum + Math.abs(dot(volume.axes[order[at]!], wanted)), 0),
  );
  const order = ORDERS[fits.indexOf(Math.max(...fits))]!;
  const back = [right, down, through].map((wanted, at) => dot(volume.axes[order[at]!], wanted) < 0);
  return { across: order[0], down: order[1], through: order[2], back: back as unknown as Cut['back'] };
}

/** The plane that a series itself is nearest to. */
export function planeNamed(normal: Vector): Orthogonal {
  const [x, y, z] = normal.map(Math.abs) as [number, number, number];
  if (z >= x && z >= y) return 'axial';
  return y >= x ? 'coronal' : 'sagittal';
}

/** What the cuts in one direction are, as a series: its frames belong to no stored image. */
export function cutFacts(source: SeriesFacts, volume: Volume, cut: Cut, id: string): SeriesFacts {
  const { axes, spacing, size } = volume;
  const along = (axis: number, back: boolean) => scaled(axes[axis]!, back ? -1 : 1);
  const [across, down, through] = [
    along(cut.across, cut.back[0]),
    along(cut.down, cut.back[1]),
    along(cut.through, cut.back[2]),
  ];
  const last = (axis: number, back: boolean) =>
    back ? scaled(axes[axis]!, (size[axis]! - 1) * spacing[axis]!) : ([0, 0, 0] as const);
  const corner = [
    last(cut.across, cut.back[0]),
    last(cut.down, cut.back[1]),
    last(cut.through, cut.back[2]),
  ].reduce<Vector>(plus, volume.origin);
  const frames = Array.from({ length: size[cut.through]! }, (_, at): FrameFacts => ({
    sop_instance_uid: '',
    frame: at + 1,
    rows: size[cut.down]!,
    columns: size[cut.across]!,
    position: plus(corner, scaled(through, at * spacing[cut.through]!)),
    row_spacing_mm: spacing[cut.down]!,
    column_spacing_mm: spacing[cut.across]!,
    spacing_source: 'volume',
    ...own(source.frames[0]!),
  }));
  return { ...source, series: id, frames, orientation: [...across, ...down], frame_time_ms: null };
}

/** Slope and intercept that a slice, and so all slices, have of their own. */
function own(frame: FrameFacts): Partial<FrameFacts> {
  const slope = frame.slope === undefined ? {} : { slope: frame.slope };
  return frame.intercept === undefined ? slope : { ...slope, intercept: frame.intercept };
}

/** Cut `index` of a volume: stored values as 16-bit patterns, row by row. voxels: columns fastest, then rows. */
export function reslice(
  voxels: Uint16Array,
  volume: VolumeShape,
  cut: Cut,
  index: number,
  slab: Slab,
): Uint16Array<ArrayBuffer> {
  const { size, signed } = volume;
  const strides = [1, size[0], size[0] * size[1]] as const;
  const [columns, rows, layers] = [size[cut.across]!, size[cut.down]!, size[cut.through]!];
  const step = (axis: number, back: boolean) => (back ? -strides[axis]! : strides[axis]!);
  const start = (axis: number, back: boolean) => (back ? (size[axis]! - 1) * strides[axis]! : 0);
  const origin = start(cut.across, cut.back[0]) + start(cut.down, cut.back[1]) + start(cut.through, cut.back[2]);
  const [dx, dy, dz] = [step(cut.across, cut.back[0]), step(cut.down, cut.back[1]), step(cut.through, cut.back[2])];
  const first = Math.max(0, index - slab.half);
  const last = Math.min(layers - 1, index + slab.half);
  const values = signed ? new Int16Array(voxels.buffer, voxels.byteOffset, voxels.length) : voxels;
  const made = new Uint16Array(columns * rows);
  const sums = new Float64Array(slab.projection === 'mean' && last > first ? columns : 0);
  for (let row = 0; row < rows; row++) {
    const base = origin + row * dy;
    const into = row * columns;
    if (sums.length > 0) sums.fill(0);
    for (let layer = first; layer <= last; layer++) {
      let from = base + layer * dz;
      for (let column = 0; column < columns; column++, from += dx) {
        const value = values[from]!;
        if (sums.length > 0) sums[column]! += value;
        else if (layer === first || value > read(made, into + column, signed)) made[into + column] = value;
      }
    }
    for (let column = 0; column < sums.length; column++)
      made[into + column] = Math.round(sums[column]! / (last - first + 1));
  }
  return made;
}

export type VolumeShape = Pick<Volume, 'size' | 'signed'>;

function read(patterns: Uint16Array, at: number, signed: boolean): number {
  const pattern = patterns[at]!;
  return signed && pattern > 32767 ? pattern - 65536 : pattern;
}

/** Layers on each side of the middle one for a slab about as thick as wanted. */
export function halfOf(thickness: number, spacing: number): number {
  return Math.max(0, Math.round((thickness / spacing - 1) / 2));
}
