/** Cuts through volumes on the panes of a viewer: which are shown, how thick, and what cannot be cut. */
import type { Grid } from './grid';
import type { CutMenu } from './menus';
import type { Pane } from './pane';
import { planeOf } from './planes';
import { cutsId, isReformat, storedSeries, type Reformats } from './reformats';
import { planeNamed, volumeOf, type Orthogonal, type Projection } from './volume';

const PLANES: readonly Orthogonal[] = ['axial', 'coronal', 'sagittal'];

interface SlabAsked {
  readonly thickness: number;
  readonly projection: Projection;
}

const NO_SLAB: SlabAsked = { thickness: 0, projection: 'max' };

export class Cutting {
  private readonly asked = new Map<string, SlabAsked>();

  constructor(
    private readonly grid: () => Grid | null,
    private readonly pictures: () => Reformats | null,
  ) {}

  /** What the menu says of a pane. */
  menu(pane: Pane | undefined): CutMenu {
    const id = pane?.series ?? null;
    const facts = id === null ? null : (this.pictures()?.facts(storedSeries(id)) ?? null);
    const volume = facts === null ? 'There is no series yet.' : volumeOf(facts);
    const plane = PLANES.find((one) => id !== null && id === cutsId(storedSeries(id), one)) ?? null;
    return { plane, reason: typeof volume === 'string' ? volume : null, ...(this.asked.get(id ?? '') ?? NO_SLAB) };
  }

  /** Show a series cut in a direction, or as it was acquired, at the same place in the patient. */
  cut(pane: Pane, plane: Orthogonal | null): void {
    if (pane.series === null) return;
    const series = storedSeries(pane.series);
    const id = plane === null ? series : cutsId(series, plane);
    if (id === pane.series || (plane !== null && this.refused(series, plane))) return;
    this.grid()?.keepPlace(pane, id);
  }

  /** The slab of what a pane shows. */
  slab(pane: Pane, thickness: number, projection: Projection): void {
    if (!isReformat(pane.series)) return;
    this.asked.set(pane.series!, { thickness, projection });
    this.pictures()?.setSlab(pane.series!, thickness, projection);
  }

  /** The series beside cuts of it in the two other directions; the fourth pane stays as it is. False: it has none. */
  all(pane: Pane): boolean {
    const [grid, pictures] = [this.grid(), this.pictures()];
    if (grid === null || pictures === null || pane.series === null) return false;
    const series = storedSeries(pane.series);
    const facts = pictures.facts(series);
    const plane = facts === null ? null : planeOf(facts, facts.frames[0]!);
    if (plane === null || this.refused(series, 'axial')) return false;
    const own = planeNamed(plane.normal);
    const { index, state } = pane;
    const stored = isReformat(pane.series) ? null : index;
    if (grid.count < 4) grid.arrange('2x2');
    const first = grid.panes[0]!;
    if (stored !== null && first !== pane) grid.quietly(() => first.open(series, { index: stored }, state));
    else if (stored === null) grid.quietly(() => grid.keepPlace(first, series));
    grid.activate(0);
    PLANES.filter((one) => one !== own).forEach((one, at) => {
      if (typeof pictures.open(series, one) === 'string') return;
      const beside = grid.panes[at + 1]!;
      grid.quietly(() => grid.keepMiddle(beside, cutsId(series, one), first));
    });
    return true;
  }

  private refused(series: string, plane: Orthogonal): boolean {
    return typeof this.pictures()?.open(series, plane) !== 'object';
  }
}
