/** The levels a viewer shows: what the server says of the case, or what is being marked at this screen. */
import { across, fetchLevels, levelsOn, passing, type Levels, type LevelsOn } from './levels';
import type { Pane } from './pane';
import { planeOf, toPatient, type Plane, type Vector } from './planes';
import type { FrameFacts, Point, SeriesFacts } from './types';

/** A vertebra clicked on: which image, where on it (column, row), and where that is in the patient, mm. */
export interface AnchorAt {
  readonly series: string;
  readonly sop_instance_uid: string;
  readonly frame: number;
  readonly point: Point;
  readonly at: Vector;
  readonly frame_of_reference: string;
}

/** What somebody looks at, for suggestions. */
export interface Looking {
  readonly modality: string;
  readonly plane: 'sagittal' | 'coronal' | 'axial' | null;
  /** `L4` or `L4–L5`: what an axial image passes. */
  readonly level: string | null;
}

const NOTHING: LevelsOn = { labels: [], words: '' };

export class Numbered {
  levels: Levels | null = null;
  /** What is being marked, and the vertebra to click next. */
  draft: { readonly levels: Levels; readonly next: string } | null = null;
  private caseId = '';

  constructor(
    private readonly active: () => Pane | null,
    private readonly changed: () => void,
  ) {}

  /** Another case. */
  open(caseId: string): void {
    this.caseId = caseId;
    this.levels = null;
    this.draft = null;
    void this.refresh();
  }

  /** Ask the server again; what was there stays where it does not answer. */
  async refresh(): Promise<void> {
    const { caseId } = this;
    const found = caseId === '' ? null : await fetchLevels(caseId).catch(() => null);
    if (found === null || caseId !== this.caseId) return;
    this.levels = found;
    this.changed();
  }

  /** Show what is being marked instead; null: what the server says again. */
  show(draft: Numbered['draft']): void {
    this.draft = draft;
    this.changed();
  }

  on(series: SeriesFacts | null, frame: FrameFacts | null): LevelsOn {
    const levels = this.draft?.levels ?? this.levels;
    return levels === null || series === null || frame === null ? NOTHING : levelsOn(levels, series, frame);
  }

  get looking(): Looking | null {
    const pane = this.active();
    const { facts = null, frame = null } = pane ?? {};
    if (facts === null || frame === null) return null;
    const plane = planeOf(facts, frame);
    const { levels } = this;
    const known = levels !== null && plane !== null && plane.frame_of_reference === levels.frame_of_reference;
    const level = known && levels.labels.length > 0 && across(plane) ? passing(levels.labels, plane) : null;
    return { modality: facts.modality, plane: plane === null ? null : lies(plane), level };
  }
}

/** Where a press on a pane is in the patient; null where the image does not say. */
export function anchorAt({ facts, frame, reformatted }: Pane, point: Point): AnchorAt | null {
  const plane = facts === null || frame === null ? null : planeOf(facts, frame);
  if (plane === null || frame === null || facts === null || reformatted || !plane.frame_of_reference) return null;
  const { frame_of_reference } = plane;
  const { sop_instance_uid, frame: number } = frame;
  return {
    series: facts.series,
    sop_instance_uid,
    frame: number,
    point,
    at: toPatient(plane, point),
    frame_of_reference,
  };
}

function lies({ normal: [x, y, z] }: Plane): Looking['plane'] {
  const [along, most] = [[x, y, z].map(Math.abs), Math.max(Math.abs(x), Math.abs(y), Math.abs(z))];
  return (['sagittal', 'coronal', 'axial'] as const)[along.indexOf(most)] ?? null;
}
