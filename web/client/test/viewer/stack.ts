/** Series for tests: a stack of slices in the patient. */
import type { SeriesFacts } from '../../src/viewer/types';

export interface StackOptions {
  readonly series?: string;
  readonly columns?: number;
  readonly rows?: number;
  readonly count?: number;
  readonly orientation?: readonly number[];
  /** Centre of the top left pixel of the first slice, and from slice to slice. */
  readonly first?: readonly [number, number, number];
  readonly step?: readonly [number, number, number];
  readonly spacing?: readonly [number, number];
  readonly frameOfReference?: string | null;
}

export const AXIAL = [1, 0, 0, 0, 1, 0] as const;
export const SAGITTAL = [0, 1, 0, 0, 0, -1] as const;
export const CORONAL = [1, 0, 0, 0, 0, -1] as const;

export function stack(options: StackOptions = {}): SeriesFacts {
  const { columns = 8, rows = 6, count = 10, first = [0, 0, 0], step = [0, 0, 2], spacing = [1, 1] } = options;
  const { series = '1.2', orientation = AXIAL, frameOfReference = '9.9' } = options;
  const frames = Array.from({ length: count }, (_, at) => ({
    sop_instance_uid: `${series}.${at}`,
    frame: 1,
    rows,
    columns,
    position: [first[0] + at * step[0], first[1] + at * step[1], first[2] + at * step[2]] as const,
    row_spacing_mm: spacing[0],
    column_spacing_mm: spacing[1],
    spacing_source: 'pixel' as const,
  }));
  return {
    series,
    handle: 0,
    frames,
    modality: 'MR',
    description: 'T2',
    photometric: 'MONOCHROME2',
    bits_stored: 12,
    signed: false,
    slope: 1,
    intercept: 0,
    window: { centre: 500, width: 1000 },
    presets: [],
    inverted: false,
    colour: false,
    orientation,
    frame_of_reference: frameOfReference,
    sample: 'u16',
  };
}
