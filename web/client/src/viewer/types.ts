/** The nouns of the viewer. Points are (column, row) with the corner of the top left pixel as origin (SCOORD). */
import type { Mark, MarkKind, Point, Viewport } from '../protocol';
import type { AnchorAt } from './numbered';

export type { Mark, MarkKind, Measured, PaneView, Point, Viewport } from '../protocol';

/** A mark and what is known of its delivery: drawn here only, acknowledged by the server, or refused by it. */
export interface ViewerMark extends Mark {
  readonly delivery: 'local' | 'delivered' | 'refused';
  /** Why it was refused, as a sentence. */
  readonly reason?: string;
}

/** A mark that is being drawn. */
export interface Draft {
  readonly mark: string;
  readonly kind: MarkKind;
  readonly sop_instance_uid: string;
  readonly frame: number;
  readonly points: readonly Point[];
}

/** A mark somebody else is drawing. */
export interface RemoteDraft extends Draft {
  readonly person: string;
  readonly name: string;
  readonly discipline: string | null;
}

/** Where somebody else points. */
export interface Telepointer {
  readonly person: string;
  readonly name: string;
  readonly discipline: string | null;
  readonly sop_instance_uid: string;
  readonly frame: number;
  readonly point: Point;
}

/** How the marks of one discipline look: a CSS colour and a shape, so that colour is never the only difference. */
export interface DisciplineLook {
  readonly code: string;
  readonly name: string;
  readonly colour: string;
  readonly shape: string;
}

/** Details of `markcomplete`. */
export interface MarkComplete extends Draft {
  readonly text: string;
}

/** Details of `markmove`. */
export interface MarkMove {
  readonly mark: string;
  /** The revision that was changed. */
  readonly revision: number;
  readonly points: readonly Point[];
  readonly text: string;
}

/** Details of `markerase`. */
export interface MarkErase {
  readonly mark: string;
  readonly revision: number;
}

/** Details of `pointerat`; null when the pointer has left the image. */
export interface PointerAt {
  readonly sop_instance_uid: string;
  readonly frame: number;
  readonly point: Point;
}

/** The events of `<consilium-viewer>`; all bubble. */
export interface ViewerEvents {
  viewportchange: CustomEvent<Viewport>;
  markcomplete: CustomEvent<MarkComplete>;
  markmove: CustomEvent<MarkMove>;
  markerase: CustomEvent<MarkErase>;
  draft: CustomEvent<Draft | null>;
  pointerat: CustomEvent<PointerAt | null>;
  anchorplaced: CustomEvent<AnchorAt>;
  leave: CustomEvent<null>;
}

export type ToolName =
  | 'window'
  | 'pan'
  | 'zoom'
  | 'scroll'
  | 'length'
  | 'angle'
  | 'cobb'
  | 'arrow'
  | 'text'
  | 'level'
  | 'ellipse'
  | 'rectangle'
  | 'freehand'
  | 'path'
  | 'point'
  | 'spinopelvic'
  | 'probe'
  | 'pointer'
  | 'anchor';

/** A window in units after slope and intercept (PS3.3 C.11.2.1.2). */
export interface Window {
  readonly centre: number;
  readonly width: number;
  /** LINEAR where it is not said. */
  readonly function?: string;
}

/** A VOI LUT of the file (PS3.3 C.11.2.1.1): output levels for inputs from `first` on. */
export interface VoiTable {
  readonly first: number;
  readonly bits: number;
  readonly values: readonly number[];
}

export interface Preset extends Window {
  readonly name: string;
}

/** One frame of a series, in display order. */
export interface FrameFacts {
  readonly sop_instance_uid: string;
  /** 1-based, as in DICOM. */
  readonly frame: number;
  readonly rows: number;
  readonly columns: number;
  /** Patient coordinates in mm of the centre of the top left pixel. */
  readonly position: readonly [number, number, number] | null;
  readonly row_spacing_mm: number | null;
  readonly column_spacing_mm: number | null;
  readonly spacing_source: 'calibrated' | 'pixel' | 'imager' | 'region' | 'volume' | null;
  /** Only where it differs from the series'. */
  readonly orientation?: readonly number[] | null;
  /** How much taller than wide a pixel is, where no millimetres say so. */
  readonly aspect?: number;
  /** Address of the overlay planes of the file: a transparent picture of the size of the image. */
  readonly overlay?: string;
  /** Only where they differ from the series'. */
  readonly slope?: number;
  readonly intercept?: number;
  readonly photometric?: string;
  readonly bits_stored?: number;
  readonly signed?: boolean;
  readonly sample?: SampleType;
  readonly colour?: boolean;
  readonly lossy?: boolean;
  readonly window?: Window | null;
  readonly presets?: readonly Preset[];
  readonly padding?: readonly [number, number] | null;
  readonly inverted?: boolean;
}

export type SampleType = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'f64';

/** What the image stream says of a series before its first frame. */
export interface SeriesFacts {
  readonly series: string;
  readonly handle: number;
  readonly frames: readonly FrameFacts[];
  readonly modality: string;
  readonly description: string;
  readonly photometric: string;
  readonly bits_stored: number;
  readonly signed: boolean;
  readonly slope: number;
  readonly intercept: number;
  readonly window: Window | null;
  readonly presets: readonly Preset[];
  readonly inverted: boolean;
  readonly colour: boolean;
  /** The file itself was stored with loss, or by a method that may lose: what comes without loss is no better. */
  readonly lossy?: boolean;
  readonly orientation: readonly number[] | null;
  readonly frame_of_reference: string | null;
  /** The type of raw samples, where frames are sent raw. */
  readonly sample?: SampleType;
  /** Lowest and highest stored value that mean "no image here"; shown black. */
  readonly padding?: readonly [number, number] | null;
  /** Used instead of the default window, where the file has one and no window. */
  readonly voi_lut?: VoiTable | null;
  /** Time from one frame to the next as the file wants it played; null where it does not say. */
  readonly frame_time_ms?: number | null;
}

/** A series as listed for a case, before anything of it is streamed. */
export interface SeriesListed {
  readonly series_instance_uid: string;
  readonly modality: string;
  readonly description: string;
  /** Body Part Examined as the file says it. */
  readonly body_part?: string;
  readonly frames: number;
  /** Images of the series that cannot be shown, and why the first of them cannot. */
  readonly without?: { readonly images: number; readonly reason: string } | null;
  readonly preview: { readonly sop_instance_uid: string; readonly frame: number } | null;
}

export interface StudyListed {
  readonly study_instance_uid: string;
  readonly description: string;
  /** ISO date of the study; null when it is not known. */
  readonly date: string | null;
  /** How the patient in the files and the case's agree; `other` was accepted by a person. */
  readonly patient?: 'same' | 'other' | 'unnamed';
  readonly series: readonly SeriesListed[];
}

/** How good the pixels on the screen are. */
export type Fidelity = 'none' | 'preview' | Flaw | 'lossless';

/** Why the best picture there is must not be called lossless: partly a guess, of 8 bits, or made with loss. */
export type Flaw = 'damaged' | 'reduced' | 'lossy';
