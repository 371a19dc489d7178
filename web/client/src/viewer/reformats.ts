/** Pictures of stored series and, beside them, orthogonal cuts made here from their lossless slices. */
import type { Frames } from './frames';
import type { GreyPicture, Picture } from './picture';
import type { Counted, PictureSource } from './pictures';
import type { FrameFacts, SeriesFacts } from './types';
import { cutFacts, cutOf, halfOf, ONE_LAYER, volumeOf, type Cut, type Orthogonal, type Slab } from './volume';
import { Voxels } from './voxels';

/** Cuts kept of each direction; the others are made again in a few milliseconds. */
const KEPT = 24;

interface Cuts {
  readonly facts: SeriesFacts;
  readonly cut: Cut;
  readonly plane: Orthogonal;
  slab: Slab;
  readonly made: Map<number, Made>;
  /** The cut that the worker is at. */
  making: number | null;
  wanted: number;
}

interface Made {
  readonly picture: GreyPicture;
  /** How many slices the volume had. */
  readonly loaded: number;
}

/** The identity of the cuts of a series in one direction; no UID has a `#` in it. */
export function cutsId(series: string, plane: Orthogonal): string {
  return `${series}#${plane}`;
}

/** The stored series that something on the screen is made from. */
export function storedSeries(id: string): string {
  return id.split('#')[0]!;
}

export function isReformat(id: string | null): boolean {
  return id?.includes('#') === true;
}

export class Reformats implements PictureSource {
  private readonly cuts = new Map<string, Cuts>();
  private readonly voxels = new Map<string, Voxels>();

  constructor(
    private readonly frames: Frames,
    /** A better picture of a series or of cuts is ready. */
    private readonly changed: (id: string) => void,
    private readonly worker?: () => Worker,
  ) {}

  /** Make ready to cut a series; a sentence when it is no volume. */
  open(series: string, plane: Orthogonal): SeriesFacts | string {
    const known = this.cuts.get(cutsId(series, plane));
    if (known !== undefined) return known.facts;
    const facts = this.frames.facts(series);
    if (facts === null) return 'The series has not arrived yet.';
    const volume = volumeOf(facts);
    if (typeof volume === 'string') return volume;
    if (!this.voxels.has(series)) this.voxels.set(series, this.gather(series, volume));
    const cut = cutOf(volume, plane);
    const made = cutFacts(facts, volume, cut, cutsId(series, plane));
    const fresh = { making: null, wanted: -1, slab: ONE_LAYER, made: new Map<number, Made>() };
    this.cuts.set(made.series, { facts: made, cut, plane, ...fresh });
    return made;
  }

  /** No pane shows cuts of the series any more. */
  close(series: string): void {
    this.voxels.get(series)?.close();
    this.voxels.delete(series);
    for (const id of [...this.cuts.keys()]) if (storedSeries(id) === series) this.cuts.delete(id);
  }

  closeAll(): void {
    for (const series of [...this.voxels.keys()]) this.close(series);
  }

  /** Series that volumes are held of. */
  get held(): readonly string[] {
    return [...this.voxels.keys()];
  }

  /** A lossless frame of a series has arrived. */
  fed(series: string, index: number): void {
    this.voxels.get(series)?.fed(index);
  }

  slab(id: string): { readonly slab: Slab; readonly thickness: number } | null {
    const cuts = this.cuts.get(id);
    if (cuts === undefined) return null;
    return { slab: cuts.slab, thickness: (2 * cuts.slab.half + 1) * this.layer(cuts) };
  }

  /** Project a slab about as thick as wanted, in mm; 0 is one layer. */
  setSlab(id: string, thickness: number, projection: Slab['projection']): void {
    const cuts = this.cuts.get(id);
    if (cuts === undefined) return;
    cuts.slab = { half: halfOf(thickness, this.layer(cuts)), projection };
    cuts.made.clear();
    cuts.making = null;
    this.changed(id);
  }

  /** What cuts are, in words. */
  words(id: string): string | null {
    const cuts = this.cuts.get(id);
    if (cuts === undefined) return null;
    const name = `${cuts.plane[0]!.toUpperCase()}${cuts.plane.slice(1)} MPR`;
    const { half, projection } = cuts.slab;
    if (half === 0) return name;
    const thickness = ((2 * half + 1) * this.layer(cuts)).toFixed(1);
    return `${name}, ${projection === 'max' ? 'MIP' : 'mean'} of ${thickness} mm`;
  }

  facts(id: string, index?: number): SeriesFacts | null {
    return this.cuts.get(id)?.facts ?? this.frames.facts(id, index);
  }

  frame(id: string, index: number): FrameFacts | null {
    return this.facts(id)?.frames[index] ?? null;
  }

  look(id: string, index: number): Picture | null {
    const cuts = this.cuts.get(id);
    if (cuts === undefined) return this.frames.look(id, index);
    cuts.wanted = index;
    this.make(id, cuts);
    return cuts.made.get(index)?.picture ?? null;
  }

  pending(id: string, index: number): boolean {
    const cuts = this.cuts.get(id);
    if (cuts === undefined) return this.frames.pending(id, index);
    return !cuts.made.has(index) && this.failure(id) === null;
  }

  arrived(id: string, index: number): boolean {
    return this.cuts.has(id) || this.frames.arrived(id, index);
  }

  failure(id: string, index = 0): string | null {
    if (!this.cuts.has(id)) return this.frames.failure(id, index);
    return this.voxels.get(storedSeries(id))?.failed ?? null;
  }

  counted(id: string): Counted {
    if (!this.cuts.has(id)) return this.frames.counted(id);
    const { loaded = 0, volume } = this.voxels.get(storedSeries(id)) ?? {};
    return { total: volume?.order.length ?? 0, seen: loaded, lossless: loaded, failed: 0 };
  }

  private gather(series: string, volume: Voxels['volume']): Voxels {
    return new Voxels(volume, {
      lossless: (index) => this.frames.lossless(series, index),
      grown: () => {
        for (const id of this.cuts.keys()) if (storedSeries(id) === series) this.changed(id);
      },
      ...(this.worker === undefined ? {} : { worker: this.worker }),
    });
  }

  private layer(cuts: Cuts): number {
    return this.voxels.get(storedSeries(cuts.facts.series))?.volume.spacing[cuts.cut.through] ?? 1;
  }

  /** Have the wanted cut made, one at a time: while somebody scrolls, those between are left out. */
  private make(id: string, cuts: Cuts): void {
    const voxels = this.voxels.get(storedSeries(id));
    const index = cuts.wanted;
    // Of a volume of which nothing has come a cut would be black, and called a picture.
    if (voxels === undefined || voxels.loaded === 0 || cuts.making !== null) return;
    if (cuts.made.get(index)?.loaded === voxels.loaded) return;
    cuts.making = index;
    const { slab } = cuts;
    const { loaded, complete, flaw } = voxels;
    void voxels.cut(cuts.cut, index, slab).then((patterns) => {
      if (this.cuts.get(id) !== cuts || cuts.slab !== slab) return;
      cuts.making = null;
      cuts.made.delete(index);
      cuts.made.set(index, { picture: { ...pictured(patterns, cuts.facts, index, complete), flaw }, loaded });
      if (cuts.made.size > KEPT) cuts.made.delete(cuts.made.keys().next().value!);
      this.changed(id);
    });
  }
}

function pictured(
  patterns: Uint16Array<ArrayBuffer>,
  facts: SeriesFacts,
  index: number,
  complete: boolean,
): GreyPicture {
  const frame = facts.frames[index]!;
  return {
    kind: 'grey',
    width: frame.columns,
    height: frame.rows,
    columns: frame.columns,
    rows: frame.rows,
    fidelity: complete ? 'lossless' : 'preview',
    flaw: null,
    bytes: patterns.byteLength,
    patterns,
    signed: facts.signed,
    slope: frame.slope ?? facts.slope,
    intercept: frame.intercept ?? facts.intercept,
    stored: true,
  };
}
